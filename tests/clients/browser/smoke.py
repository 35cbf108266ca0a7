"""The page works: a sample is predicted, the job and the list show it. `smoke.py URL`."""

import sys

from browser import Watched, predicted, started

with started() as browser:
    watched = Watched(browser, sys.argv[1], viewport={"width": 390, "height": 844})
    page = watched.page("/?model=digits")
    page.click("[aria-label='Sample 4: 3']")
    assert predicted(page) == "3"
    job = page.inner_text("#job-link")
    assert "-F image=@picture.png" in page.inner_text("#snippet")
    watched.accessible(page)
    page.click("#job-link")
    assert page.inner_text(".badge") == "succeeded"
    jobs = watched.page("/jobs")
    assert job[-12:] in jobs.inner_text("#results")
    watched.close()
