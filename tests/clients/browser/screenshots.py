"""The pictures of docs/20-web-page.md: `screenshots.py URL FOLDER JOB`."""

import sys
from pathlib import Path

from browser import Watched, predicted, started

URL, FOLDER, JOB = sys.argv[1:]
WIDE, NARROW = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
SHOTS = (
    ("try-it", "/?model=digits", WIDE, "light"),
    ("try-it-narrow", "/?model=digits", NARROW, "dark"),
    ("overview", "/overview", WIDE, "dark"),
    ("overview-narrow", "/overview", NARROW, "light"),
    ("jobs", "/jobs", WIDE, "light"),
    ("job", f"/jobs/{JOB}", WIDE, "dark"),
    ("model", "/models/digits", WIDE, "light"),
    ("prediction-log", "/prediction-log?by=hour", WIDE, "light"),
    ("webhooks", "/webhooks", WIDE, "light"),
    ("dead-letters", "/dead-letters", WIDE, "dark"),
)

with started() as browser:
    for name, path, size, scheme in SHOTS:
        watched = Watched(browser, URL, viewport=size, color_scheme=scheme)
        page = watched.page(path)
        if name.startswith("try-it"):
            page.click("[aria-label='Sample 4: 3']")
            page.check("#anew")
            predicted(page)
        page.wait_for_timeout(2500 if "overview" in name else 300)
        if name == "try-it-narrow":
            page.locator(".result").scroll_into_view_if_needed()
        page.evaluate("scrollTo(0, 0)") if name == "try-it" else None
        page.screenshot(path=Path(FOLDER) / f"page-{name}.png")
        watched.close()
