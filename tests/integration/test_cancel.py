"""Cancel and deadlines at every stage of the running system."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from queuecast import Client

AT_ONCE = 2.0
"""Within a second, and what this machine needs to see it."""


@pytest.fixture
def api(system) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=system.state["api_url"], timeout=30) as api:
        yield api


@pytest.fixture
def cancel(api) -> Callable[[str], dict[str, Any]]:
    return lambda job_id: api.post(f"/api/v1/predictions/{job_id}/cancel").json()


@pytest.fixture
def in_progress(api) -> Callable[[str, str], int]:
    """How many entries of a stage of a model workers have in hand."""

    def count(stage: str, model: str) -> int:
        backlogs = api.get("/health/system").json()["backlogs"]
        return sum(
            one["in_progress"] for one in backlogs if (one["stage"], one["model"]) == (stage, model)
        )

    return count


def until(condition: Callable[[], bool], seconds: float = 10) -> float:
    """How long it took; the condition is asked again every 20 ms."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def busy(seconds: float) -> dict[str, list[list[float]]]:
    return {"x": [[seconds]]}


def test_a_run_alone_is_ended(client: Client, cancel, in_progress) -> None:
    job = client.submit("busy", busy(15.5))
    until(lambda: client.get(job.id).stage == "predicting" and in_progress("predict", "busy") == 1)
    time.sleep(0.5)  # it runs by now
    assert cancel(job.id)["status"] == "canceled"
    assert until(lambda: in_progress("predict", "busy") == 0) < AT_ONCE
    assert client.wait(client.submit("busy", busy(0.1))).succeeded


def test_in_a_batch_the_others_go_on(client: Client, cancel) -> None:
    jobs = client.submit_many("busy", [busy(1.2), busy(1.3)])
    until(lambda: all(client.get(job.id).stage == "predicting" for job in jobs))
    time.sleep(0.5)
    assert cancel(jobs[0].id)["status"] == "canceled"
    other = client.wait(jobs[1])
    assert (other.status, other.metrics.batch_size) == ("succeeded", 2)
    assert client.get(jobs[0].id).status == "canceled"


def test_what_waits_for_a_fuller_batch_is_dropped(client: Client, cancel, in_progress) -> None:
    job = client.submit("busy", busy(15.6))
    until(lambda: client.get(job.id).stage == "predicting")
    assert cancel(job.id)["status"] == "canceled"
    assert until(lambda: in_progress("predict", "busy") == 0) < AT_ONCE
    assert client.wait(client.submit("busy", busy(0.2))).succeeded


def test_what_is_preprocessed_is_dropped(client: Client, cancel, in_progress) -> None:
    job = client.submit("fragile", {"x": 77.0, "preprocess": "sleep", "seconds": 0.7})
    until(lambda: client.get(job.id).stage == "preprocessing")
    assert cancel(job.id)["status"] == "canceled"
    until(lambda: in_progress("preprocess", "fragile") == 0)
    ended = client.get(job.id)
    assert (ended.status, ended.metrics.predict_time) == ("canceled", None)


def test_what_is_queued_never_starts(client: Client, cancel) -> None:
    blocker = client.submit("fragile", {"x": 78.0, "preprocess": "sleep", "seconds": 0.7})
    until(lambda: client.get(blocker.id).stage == "preprocessing")
    job = client.submit("fragile", {"x": 79.0})
    assert cancel(job.id)["status"] == "canceled"
    client.wait(blocker)
    assert client.get(job.id).started_at is None


def test_a_run_alone_ends_at_its_deadline(client: Client, in_progress) -> None:
    began = time.monotonic()
    job = client.wait(client.submit("busy", busy(15.7), deadline_seconds=1.0))
    assert (job.status, job.error_code) == ("failed", "deadline_exceeded")
    until(lambda: in_progress("predict", "busy") == 0)
    assert time.monotonic() - began < 1 + AT_ONCE


def test_a_deadline_that_passes_in_the_queue_is_one(client: Client) -> None:
    blocker = client.submit("fragile", {"x": 80.0, "preprocess": "sleep", "seconds": 0.7})
    until(lambda: client.get(blocker.id).stage == "preprocessing")
    job = client.wait(client.submit("fragile", {"x": 81.0}, deadline_seconds=0.2))
    assert (job.error_code, job.metrics.predict_time) == ("deadline_exceeded", None)
