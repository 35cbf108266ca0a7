"""A Chromium that tells of everything that a page does wrong."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

AXE = Path(os.environ["AXE"])
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
FAULTS = ("serious", "critical")


@contextmanager
def started() -> Iterator[Browser]:
    """The Chromium that the environment names."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=ARGUMENTS, timeout=30_000
        )
        yield browser
        browser.close()


class Watched:
    """Pages of one server; `faults` are what a browser complained of, and what left the server."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        self.context = browser.new_context(base_url=url, locale="en-GB", **options)
        self.context.set_default_timeout(15_000)
        self.faults: list[str] = []

    def page(self, path: str) -> Page:
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("request", self._request)
        page.goto(path)
        return page

    def accessible(self, page: Page) -> None:
        """Notes what axe-core finds serious. It is run by the debugger: the page may not."""
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run().then((found) => found.violations)")
        self.faults += [
            f"{page.url}: {one['id']} {[node['target'] for node in one['nodes'][:3]]}"
            for one in found
            if one["impact"] in FAULTS
        ]

    def close(self) -> None:
        self.context.close()
        assert self.faults == [], "\n".join(self.faults)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.faults.append(f"left the server: {request.url}")


def predicted(page: Page) -> str:
    """Presses *Predict*, waits for the end, and gives the answer."""
    page.click("#send")
    page.wait_for_selector("#outcome[data-terminal=yes]")
    return page.inner_text("#outcome .answer").strip().split("\n")[-1]
