"""Every page, wide and narrow, light and dark: nothing complains, nothing sticks out.

`pages.py URL JOB`, with the id of a job that has ended.
"""

import sys

from browser import Watched, started

URL, JOB = sys.argv[1:]
PAGES = (
    "/", "/?model=wine", "/overview", "/jobs", "/jobs?status=canceled&model=digits", f"/jobs/{JOB}",
    "/models", "/models/digits", "/prediction-log", "/webhooks", "/dead-letters",
)  # fmt: skip

with started() as browser:
    for width in (1440, 390):
        for scheme in ("light", "dark"):
            size = {"width": width, "height": 900}
            watched = Watched(browser, URL, viewport=size, color_scheme=scheme)
            for path in PAGES:
                page = watched.page(path)
                page.wait_for_load_state("networkidle") if path == "/overview" else None
                too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                assert not too_wide, f"{path} at {width}"
                assert page.title().endswith("Queuecast")
                watched.accessible(page)
                page.close()
            watched.close()
