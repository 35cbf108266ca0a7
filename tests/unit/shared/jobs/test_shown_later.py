import threading

import pytest
import redis

from shared.jobs.shown_later import ShownLater

SOON = 10


class Backlogs:
    """Takes nothing `faults` times over; `whole` is set once it has taken `wanted` jobs."""

    def __init__(self, faults: int, wanted: int) -> None:
        self.faults = faults
        self.shown: list[str] = []
        self.whole = threading.Event()
        self._wanted = wanted

    def leave(self, snapshots, hashes) -> None:
        if self.faults:
            self.faults -= 1
            raise redis.ConnectionError
        if snapshots[0]["id"] == "unshowable":
            raise TypeError
        self.shown += [snapshot["id"] for snapshot in snapshots]
        if len(self.shown) == self._wanted:
            self.whole.set()


@pytest.fixture
def run():
    """Adds jobs while Redis takes nothing, and waits until all were shown."""

    def until_shown(faults: int, *job_ids: str) -> Backlogs:
        backlogs = Backlogs(faults, len(job_ids))
        later = ShownLater(backlogs, pause_seconds=0.001)
        for job_id in job_ids:
            later.add({"id": job_id}, {})
        assert backlogs.whole.wait(SOON)
        return backlogs

    return until_shown


def test_what_redis_did_not_take_is_shown_again_until_it_does(run) -> None:
    backlogs = run(3, "a")
    assert (backlogs.shown, backlogs.faults) == (["a"], 0)


def test_all_are_shown_in_their_order(run) -> None:
    assert run(2, "a", "b", "c").shown == ["a", "b", "c"]


def test_who_comes_when_all_was_shown_is_shown_too() -> None:
    backlogs = Backlogs(1, 1)
    later = ShownLater(backlogs, pause_seconds=0.001)
    later.add({"id": "a"}, {})
    assert backlogs.whole.wait(SOON)
    backlogs.whole.clear()
    backlogs._wanted = 2
    later.add({"id": "b"}, {})
    assert backlogs.whole.wait(SOON)


def test_one_that_cannot_be_shown_keeps_no_other() -> None:
    backlogs = Backlogs(1, 1)
    later = ShownLater(backlogs, pause_seconds=0.001)
    later.add({"id": "unshowable"}, {})
    later.add({"id": "a"}, {})
    assert backlogs.whole.wait(SOON)
