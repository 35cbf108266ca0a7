"""With keys: signing in, doing something, signing out. `keyed.py URL`; the key is in KEY."""

import os
import sys

from browser import Watched, predicted, started

KEY = os.environ["KEY"]

with started() as browser:
    watched = Watched(browser, sys.argv[1])
    page = watched.page("/jobs")
    assert "/sign-in?next=" in page.url
    watched.accessible(page)
    page.fill("#key", KEY)
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs")
    stored = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert KEY not in stored and KEY not in page.content() and "session" not in stored
    page.goto("/?model=digits")
    page.click("[aria-label='Sample 4: 3']")
    assert predicted(page) == "3"
    page.click("[data-sign-out]")
    page.wait_for_url("**/sign-in")
    page.goto("/jobs")
    assert "/sign-in?next=" in page.url
    watched.close()
