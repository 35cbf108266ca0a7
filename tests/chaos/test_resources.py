"""What a process needs runs out: memory, descriptors, room in the queue."""

import itertools
import resource
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

MORE_THAN_FITS = 10_000_000_000


@pytest.mark.long
@pytest.mark.fault("F33", "F35")
def test_a_job_that_wants_too_much_memory_fails_alone(system) -> None:
    (pid, *others) = system.pids("predict")
    for other in (pid, *others):
        resource.prlimit(other, resource.RLIMIT_AS, (4 << 30, 4 << 30))
    greedy = system.client.submit("quick", {"x": 1e6, "padding": MORE_THAN_FITS})
    system.submit(10)
    ended = system.client.wait(greedy, timeout_seconds=60)
    assert (ended.status, ended.error_code) == ("failed", "postprocess_failed")
    system.all_end("F35", "10 GB asked of 4")
    assert system.pids("predict") == [pid, *others]
    system.signal("predict", signal.SIGKILL)  # the next ones have no limit


@pytest.mark.long
@pytest.mark.fault("F43")
def test_an_api_without_descriptors_says_so_and_comes_back(system) -> None:
    (pid,) = system.pids("api")
    large = {"model": "large", "input": {"x": 1e6, "blob": "x" * 100_000}}  # a file of its own
    with httpx2.Client(base_url=system.url, timeout=20) as known:
        known.get("/health/live")
        with without_descriptors(pid):
            refused = known.post("/api/v1/predictions", json=large)
            for _ in range(3):
                with suppress(httpx2.HTTPError):
                    httpx2.get(f"{system.url}/health/live", timeout=1)
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
    system.submit(5)
    system.all_end("F43", "no descriptor left")
    assert system.pids("api") == [pid]


@contextmanager
def without_descriptors(pid: int) -> Iterator[None]:
    """Not one more: a new one would get the lowest number that is free."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = {int(one.name) for one in Path(f"/proc/{pid}/fd").iterdir()}
    free = next(number for number in itertools.count() if number not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@pytest.mark.long
@pytest.mark.fault("F42")
def test_a_burst_beyond_the_bound_is_refused_and_the_rest_is_done(start, until) -> None:
    system = start(QUEUECAST_QUEUE_MAX_JOBS="50")
    rate, seconds = 200, 2

    def post(number: int) -> httpx2.Response:
        body = {"model": "slow", "input": {"x": float(number), "seconds": 0.1}}
        return httpx2.post(f"{system.url}/api/v1/predictions", json=body, timeout=30)

    begun = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(post, range(rate * seconds)))
    refused = [one for one in answers if one.status_code != 202]
    assert {one.status_code for one in refused} == {429}
    assert all(int(one.headers["retry-after"]) >= 1 for one in refused)
    for number, answer in enumerate(answers):
        if answer.status_code == 202:
            system.jobs[answer.json()["id"]] = number
    assert system.jobs
    note = f"{len(answers)} in {time.monotonic() - begun:.0f} s, {len(refused)} refused"
    system.all_end("F42", note)
