"""What a process needs runs out: memory, descriptors, room in the queue."""

import resource
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

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
def test_an_api_without_descriptors_comes_back(system, until) -> None:
    (pid,) = system.pids("api")
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (40, before[1]))
    clients = [httpx2.Client(timeout=1) for _ in range(40)]
    for client in clients:
        with suppress(httpx2.HTTPError):
            client.get(f"{system.url}/health/live")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    for client in clients:
        client.close()
    system.submit(5)
    system.all_end("F43", "40 descriptors for 40 clients")
    assert system.pids("api") == [pid]


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
