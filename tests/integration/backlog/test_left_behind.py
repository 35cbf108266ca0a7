"""Entries of jobs that ended while they waited go before anybody takes them."""

from types import SimpleNamespace

import pytest

from shared.domain.names import Priority
from tests.integration.backlog.conftest import WINE
from workers.left_behind import LeftBehind


@pytest.fixture
def left_behind(valkey, settings, clock) -> LeftBehind:
    return LeftBehind(SimpleNamespace(redis=valkey, settings=settings, clock=clock))


@pytest.fixture
def waiting(valkey, keys):
    return lambda: valkey.xlen(keys.stream(WINE, Priority.NORMAL))


@pytest.fixture
def end(backlogs, snapshot):
    def run(*jobs) -> None:
        backlogs.leave([snapshot(job.id) | {"terminal": True} for job in jobs])

    return run


def test_who_has_left_takes_no_room(left_behind, enqueue, end, waiting, monkeypatch) -> None:
    monkeypatch.setattr("workers.left_behind.SLICE", 2)
    jobs = [enqueue() for _ in range(7)]
    end(jobs[0], jobs[3], jobs[6])
    left_behind.run()
    assert waiting() == 4


def test_what_is_held_stays_with_its_holder(
    left_behind, enqueue, end, backlogs, waiting, valkey, keys
) -> None:
    held, canceled = enqueue(), enqueue()
    (one,) = backlogs.take(WINE, "a", 1).taken
    assert one.entry.id == held.id
    end(held, canceled)
    left_behind.run()
    assert waiting() == 1
    assert backlogs.look_again([one]).taken == []


def test_nobody_looks_where_nobody_left(left_behind, enqueue, waiting, valkey, keys) -> None:
    job = enqueue()
    valkey.delete(keys.snapshot(job.id))
    left_behind.run()
    assert waiting() == 1


def test_who_still_waits_stays(left_behind, enqueue, end, waiting) -> None:
    enqueue()
    end(enqueue())
    left_behind.run()
    assert waiting() == 1
