"""What people do on the pages: `actions.py URL RECEIVER LETTER`.

RECEIVER answers webhooks, LETTER is the id of a dead letter.
"""

import re
import sys
import tempfile
from pathlib import Path

from browser import Watched, predicted, started
from playwright.sync_api import Page, expect

URL, RECEIVER, LETTER = sys.argv[1:]


def draw_a_one(page: Page) -> None:
    box = page.locator("canvas").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] * 0.8, steps=8)
    page.mouse.up()


def submit(watched: Watched, body: dict[str, object]) -> str:
    answer = watched.context.request.post("/api/v1/predictions", data=body)
    assert answer.status == 202, answer.text()
    return str(answer.json()["id"])


def trying(watched: Watched) -> None:
    page = watched.page("/?model=digits")
    draw_a_one(page)
    assert predicted(page) == "1"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "no-picture.png"
        file.write_text("this is text")
        page.set_input_files("input[type=file]", file)
        page.click("#send")
        page.wait_for_selector("#trouble:visible")
        assert "image" in page.inner_text("#trouble")
    watched.faults = [one for one in watched.faults if "422" not in one and "415" not in one]
    page.goto("/?model=wine")
    page.fill("[data-field=alcohol]", "13.777")
    page.press("[data-field=alcohol]", "Control+Enter")
    page.wait_for_selector("#outcome[data-terminal=yes]")
    page.click("#tab-curl")
    page.keyboard.press("ArrowRight")
    assert '"alcohol": 13.777' in page.inner_text("#snippet")


def canceling(watched: Watched) -> None:
    job = submit(watched, {"model": "busy", "input": {"x": [[15.9]]}})
    page = watched.page(f"/jobs/{job}")
    page.click("text=Cancel")
    page.click("#ask [value=yes]")
    page.wait_for_selector(".badge.canceled")


def webhooks(watched: Watched) -> None:
    wine = watched.context.request.get("/api/v1/models/wine").json()["example"]
    job = submit(watched, {"model": "wine", "input": wine | {"hue": 1.0123}, "webhook": RECEIVER})
    page = watched.page(f"/jobs/{job}")
    for _ in range(40):
        page.reload()
        if page.locator(".badge.delivered").count():
            break
        page.wait_for_timeout(250)
    page.click(".delivery >> text=Send again")
    page.wait_for_selector(".delivery tbody tr:nth-child(2), .badge.pending")
    page.goto("/webhooks")
    page.click("#show-secret")
    expect(page.locator("#secret")).to_have_text(re.compile("whsec_.{40,}"))
    page.fill("[name=url]", RECEIVER)
    page.click("#test button")
    page.wait_for_selector("#test-outcome .notice.good")


def looking(watched: Watched) -> None:
    page = watched.page("/jobs")
    page.select_option("[name=status]", "canceled")
    page.wait_for_url("**/jobs?status=canceled")
    expect(page.locator(".list .badge:not(.canceled)")).to_have_count(0)
    wine = watched.context.request.get("/api/v1/models/wine").json()["example"]
    mine = {"input": wine | {"hue": 1.0321}, "metadata": {"order": "of the page"}}
    job = submit(watched, {"model": "wine", **mine})
    page.goto("/jobs")
    page.fill("[name=metadata]", "order=of the page")
    page.press("[name=metadata]", "Enter")
    page.wait_for_url(re.compile("jobs[?]metadata=order(%3D|=)of(%20|[+])the(%20|[+])page$"))
    expect(page.locator(".list tbody tr")).to_have_count(1)
    assert job[-12:] in page.inner_text("#results")
    page.goto("/prediction-log?model=digits")
    with page.expect_download() as download:
        page.click("text=CSV")
    rows = Path(download.value.path()).read_text().splitlines()
    assert rows[0].startswith("id,") and len(rows) > 1
    page.goto("/overview")
    page.wait_for_selector("#workers tr")
    assert page.inner_text("#rate") not in ("\N{EN DASH}", "0")


def removing(watched: Watched) -> None:
    page = watched.page("/dead-letters")
    remove = page.locator(f"[aria-label='Remove: job {LETTER[-12:]}']")
    remove.click()
    page.click("#ask [value=no]")
    expect(remove).to_be_enabled()
    remove.click()
    page.click("#ask [value=yes]")
    expect(remove).to_have_count(0)
    page.wait_for_load_state()
    watched.accessible(page)
    assert watched.context.request.get(f"/api/v1/predictions/{LETTER}").status == 404


with started() as browser:
    watched = Watched(browser, URL, viewport={"width": 1280, "height": 900})
    for part in (trying, canceling, webhooks, looking, removing):
        part(watched)
    watched.close()
