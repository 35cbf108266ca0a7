"""Where jobs wait in real streams, and how fast these move."""

import asyncio
from datetime import timedelta

import pytest

from shared.backlog import connections, waiting_line
from shared.backlog.breaker import Breaker
from shared.domain.names import Backlog, Priority, Stage
from shared.jobs.positions import Position, Positions

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
PREDICT = Backlog(Stage.PREDICT, "wine", "1")


@pytest.fixture
def places(settings, clock, valkey):
    """One look a second later at each of some jobs, by one process."""

    async def looks(rounds) -> list[list[Position | None]]:
        client = connections.connect_async(settings, timeout_seconds=5)
        positions = Positions(client, Breaker(clock), clock, settings)
        found = []
        for between, jobs in rounds:
            between()
            clock.advance(1)
            found.append([await positions.of(job.snapshot(1024)) for job in jobs])
        await client.aclose()
        return found

    return lambda *rounds: asyncio.run(looks(rounds))


def nothing() -> None:
    return None


def test_higher_priorities_stand_ahead(enqueue, places) -> None:
    first, second = enqueue(), enqueue()
    high, low = enqueue(priority=Priority.HIGH), enqueue(priority=Priority.LOW)
    [found] = places((nothing, [first, second, high, low]))
    assert [one.place for one in found] == [2, 3, 1, 4]
    assert [one.start for one in found] == [None] * 4


def test_what_a_worker_holds_is_not_ahead(enqueue, places, backlogs) -> None:
    first, second = enqueue(), enqueue()
    backlogs.take(WINE, "worker", 1)
    [found] = places((nothing, [first, second]))
    assert found == [None, Position(1, None)]


def test_the_speed_is_that_of_what_was_taken(enqueue, places, backlogs, pass_on, clock) -> None:
    jobs = [enqueue() for _ in range(6)]
    pass_on(4)
    last = jobs[-1:]

    def take_two() -> None:
        backlogs.take(PREDICT, "worker", 2)

    before, after = places((nothing, last), (take_two, last))
    assert before == [Position(6, None)]
    assert after == [Position(4, clock.now() + timedelta(seconds=3 / 2))]


def test_a_line_is_looked_at_once_a_second(enqueue, places, valkey) -> None:
    jobs = [enqueue() for _ in range(3)]
    places((nothing, jobs), (nothing, jobs))
    assert valkey.info("commandstats")["cmdstat_evalsha"]["calls"] >= 2


def test_behind_those_looked_at_it_is_an_estimate(enqueue, places, monkeypatch) -> None:
    monkeypatch.setattr(waiting_line, "LOOKED_AT", 1)
    monkeypatch.setattr(waiting_line, "LOOKED_AT_BYTES", 1)
    jobs = [enqueue() for _ in range(40)]
    [found] = places((nothing, [jobs[0], jobs[31]]))
    assert [one.place for one in found] == [1, 32]


def test_a_model_that_nobody_asked_has_no_line(new_job, places) -> None:
    assert places((nothing, [new_job(model="other")])) == [[None]]


@pytest.fixture
def pass_on(backlogs):
    """Moves so many jobs on to the backlog of predict."""
    from shared.backlog.backlogs import Move

    def run(count: int) -> None:
        taken = backlogs.take(WINE, "preprocessor", count).taken
        backlogs.move([Move(one.entry, PREDICT, one) for one in taken])

    return run
