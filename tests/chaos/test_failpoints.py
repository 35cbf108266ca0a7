"""A process dies between two steps, at a moment that no signal hits."""

import signal
import time

import pytest
from httpx2 import Client as HttpClient
from httpx2 import HTTPError

PLACES = (
    "preprocess.taken",
    "preprocess.moved",
    "predict.taken",
    "predict.moved",
    "record.taken",
    "record.written",
    "record.committed",
    "deliver.sent",
)


def put(system, number: int) -> dict:
    """Sends one job under an id of its own until it is answered, as a client does."""
    job_id = f"00000000-0000-4000-8000-{number:012d}"
    body = {"model": "quick", "input": {"x": float(number)}, "metadata": {"order": str(number)}}
    deadline = time.monotonic() + 30
    with HttpClient(timeout=20) as client:
        while True:
            try:
                answer = client.put(f"{system.url}/api/v1/predictions/{job_id}", json=body)
                return answer.raise_for_status().json()
            except (HTTPError, OSError):
                assert time.monotonic() < deadline
                time.sleep(0.1)


@pytest.mark.fault("F9", "F10", "F11")
@pytest.mark.parametrize(
    "place",
    [
        pytest.param("submit.asked", marks=pytest.mark.long),
        "submit.committed",
        pytest.param("submit.dispatched", marks=pytest.mark.long),
    ],
)
def test_the_api_dies_before_it_answers(system, place: str) -> None:
    number = 9000 + len(place)
    system.arm(place)
    job = put(system, number)
    assert system.was_reached(place)
    system.jobs[job["id"]] = number
    system.all_end({"asked": "F10", "committed": "F9", "dispatched": "F11"}[place[7:]], place)
    assert sum(row.number == number for row in system.running.rows()) == 1


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
def test_a_worker_dies_between_two_steps(system, receiver, until, place: str) -> None:
    system.arm(place)
    system.submit(20, webhook=receiver.url)
    until(lambda: system.was_reached(place))
    fault = {"deliver.sent": "F41", "record.written": "F28"}.get(place, "")
    system.all_end(fault, f"killed at {place}")
    until(lambda: len(receiver.jobs) == 20)


@pytest.mark.long
@pytest.mark.parametrize("place", ["sweep.claimed", "sweep.released"])
def test_the_sweeper_dies_between_sql_and_redis(system, until, place: str) -> None:
    system.arm(place)
    system.submit(20, "slow", seconds=0.1)
    system.signal("predict", signal.SIGKILL)
    until(lambda: system.was_reached(place))
    system.all_end("", f"killed at {place}")


@pytest.mark.long
@pytest.mark.fault("F41")
def test_a_webhook_that_was_sent_and_not_noted_is_sent_again(system, receiver, until) -> None:
    system.arm("deliver.sent")
    (job,) = system.submit(1, webhook=receiver.url)
    until(lambda: sum(receiver.received.values()) == 2, 60)
    assert list(receiver.received.values()) == [2]  # one id
    system.all_end("F41", "deliver killed at deliver.sent")
    assert receiver.jobs == {job.id}
