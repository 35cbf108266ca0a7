import time
from unittest.mock import Mock

import pytest
import redis
from sqlalchemy import update

from shared.backlog.backlogs import Backlogs, Move
from shared.backlog.entries import Entry
from shared.db.engine import writing
from shared.domain.names import RECORD, Backlog, Priority, Stage
from shared.jobs import lifecycle
from shared.jobs.store import Due
from shared.jobs.table import job_table
from workers import sweep_steps
from workers.sweep_steps import INPUT_ATTEMPTS, Looked

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
GRACE = 10


def test_a_job_that_never_reached_redis_is_dispatched(
    accept, sweep, clock, row, snapshot, backlogs
) -> None:
    job = accept(input=b'{"a":1}')
    clock.advance(GRACE)
    assert sweep.dispatch_missing() == Looked(next_id=None, missing=1)
    assert (row(job.id)["attempt"], snapshot(job.id)["attempt"]) == (2, 2)
    (one,) = backlogs.take(WINE, "a", 9).taken
    assert (one.entry.id, one.entry.payload, one.entry.attempt) == (job.id, b'{"a":1}', 2)


def test_a_young_job_is_given_time(new_sweep, clock, accept, row, snapshot) -> None:
    sweep = new_sweep()
    job = accept(created_at=clock.now())
    clock.advance(GRACE - 0.001)
    sweep.dispatch_missing()
    assert (row(job.id)["attempt"], snapshot(job.id)) == (1, None)


def test_a_job_that_redis_holds_is_left_alone(accept, backlogs, sweep, clock, row) -> None:
    job = accept()
    backlogs.move([Move(Entry(job.snapshot(1024), job.input), WINE)])
    clock.advance(3600)
    sweep.dispatch_missing()
    assert row(job.id)["attempt"] == 1
    assert len(backlogs.take(WINE, "a", 9).taken) == 1


def test_a_redispatch_keeps_what_the_job_asked_for(accept, engine, sweep, clock, backlogs) -> None:
    job = accept(priority=Priority.HIGH, deadline_at=clock.now(), metadata=b'{"k":1}')
    with writing(engine) as connection:
        lifecycle.crash(connection, [Due(job.id, 1)], clock.now(), crashes_max=3)
    clock.advance(GRACE)
    sweep.dispatch_missing()
    entry = backlogs.take(WINE, "a", 9).taken[0].entry
    assert (entry.suspect, entry.crashes) == (True, 1)
    assert entry.deadline == job.deadline_at.timestamp()
    assert (entry.job["priority"], entry.job["metadata"]) == ("high", {"k": 1})


def test_everything_comes_back_after_redis_lost_everything(
    accept, backlogs, sweep, clock, valkey, snapshot
) -> None:
    jobs = [accept() for _ in range(5)]
    backlogs.move([Move(Entry(job.snapshot(1024), job.input), WINE) for job in jobs])
    valkey.flushall()
    clock.advance(GRACE)
    sweep.dispatch_missing()
    assert {snapshot(job.id)["attempt"] for job in jobs} == {2}
    assert len(backlogs.take(WINE, "a", 9).taken) == 5


def test_it_goes_on_slice_by_slice(accept, new_sweep, settings, clock, row) -> None:
    jobs = sorted(accept().id for _ in range(5))
    sweep = new_sweep(settings=settings.model_copy(update={"sweep_slice": 2}))
    clock.advance(GRACE)
    assert sweep.dispatch_missing() == Looked(next_id=jobs[1], missing=2)
    assert sweep.dispatch_missing(jobs[1]) == Looked(next_id=jobs[3], missing=2)
    assert sweep.dispatch_missing(jobs[3]) == Looked(next_id=None, missing=1)
    assert {row(job_id)["attempt"] for job_id in jobs} == {2}


class SecondFirst:
    """Backlogs that let somebody else act right before each move."""

    def __init__(self, backlogs: Backlogs, act) -> None:
        self._backlogs, self._act = backlogs, act

    def move(self, moves):
        self._act()
        return self._backlogs.move(moves)

    def __getattr__(self, name: str):
        return getattr(self._backlogs, name)


@pytest.fixture
def second_first(backlogs):
    return lambda act: SecondFirst(backlogs, act)


def test_two_sweeps_side_by_side_dispatch_once(
    accept, new_sweep, second_first, clock, row, backlogs, entries_of
) -> None:
    job = accept()
    second = new_sweep()
    first = new_sweep(backlogs=second_first(second.dispatch_missing))
    clock.advance(GRACE)
    first.dispatch_missing()
    assert row(job.id)["attempt"] == 2
    assert entries_of(job.id) == [("preprocess", None)]


def test_a_sweep_that_died_before_redis_is_made_up_for(
    accept, engine, sweep, clock, row, snapshot
) -> None:
    job = accept()
    with writing(engine) as connection:
        lifecycle.dispatch(connection, [Due(job.id, 1)], clock.now(), GRACE)
    clock.advance(GRACE)
    sweep.dispatch_missing()
    assert row(job.id)["attempt"] == snapshot(job.id)["attempt"] == 3


def test_a_silent_bell_is_rung(enqueue, new_sweep, valkey, keys, bells) -> None:
    sweep = new_sweep()
    enqueue()
    valkey.delete(keys.bell(WINE))
    bells.clear()
    sweep.ring_silent_bells()
    sweep.ring_silent_bells()
    assert bells.rung == [WINE]


def test_no_bell_rings_for_what_is_already_held(enqueue, backlogs, sweep, bells) -> None:
    enqueue()
    (one,) = backlogs.take(WINE, "a", 9).taken
    backlogs.move([Move(one.entry, RECORD, one)])
    backlogs.take(RECORD, "b", 9)
    bells.clear()
    sweep.ring_silent_bells()
    assert bells.rung == []


def test_an_overdue_job_fails_wherever_it_is(accept, backlogs, sweep, clock, row, snapshot) -> None:
    gone, held = accept(deadline_at=clock.now()), accept(deadline_at=clock.now())
    backlogs.move([Move(Entry(held.snapshot(1024), held.input), WINE)])
    sweep.expire()
    for job in (gone, held):
        assert (row(job.id)["status"], row(job.id)["error_code"]) == ("failed", "deadline_exceeded")
        assert snapshot(job.id)["error_code"] == "deadline_exceeded"
    assert backlogs.take(WINE, "a", 9).taken == []


def test_the_overdue_end_in_slices(accept, sweep, clock, row, monkeypatch) -> None:
    monkeypatch.setattr(sweep_steps, "EXPIRED_AT_ONCE", 2)
    jobs = [accept(deadline_at=clock.now()) for _ in range(5)]
    assert [sweep.expire() for _ in range(4)] == [True, True, False, False]
    assert {row(job.id)["error_code"] for job in jobs} == {"deadline_exceeded"}


def test_a_deadline_ends_a_job_also_while_redis_is_away(
    accept, sweep, clock, row, monkeypatch, backlogs, snapshot
) -> None:
    """Redis, which held it as unfinished, hears of it once it is back."""
    job = accept(deadline_at=clock.now())
    backlogs.move([Move(Entry(job.snapshot(1024), job.input), WINE)])
    with monkeypatch.context() as away:
        away.setattr(backlogs, "finish", Mock(side_effect=redis.ConnectionError))
        with pytest.raises(redis.ConnectionError):
            sweep.expire()
    assert row(job.id)["error_code"] == "deadline_exceeded"
    until = time.monotonic() + 5
    while not snapshot(job.id)["terminal"] and time.monotonic() < until:
        time.sleep(0.02)
    assert snapshot(job.id)["error_code"] == "deadline_exceeded"


def test_a_deadline_that_has_not_come_harms_nobody(accept, sweep, clock, row) -> None:
    job = accept(deadline_at=clock.now().replace(year=2027))
    sweep.expire()
    assert row(job.id)["status"] == "queued"


def test_a_sweep_tells_how_old_the_oldest_job_is(accept, sweep, clock) -> None:
    from shared.telemetry import counters

    accept(created_at=clock.now())
    clock.advance(42)
    sweep.measure()
    assert counters.oldest_unfinished._value.get() == 42
    assert counters.sweeper_last_success._value.get() == clock.now().timestamp()


def test_a_large_input_that_is_gone_for_good_ends_its_job(
    accept, sweep, clock, row, engine, settings
) -> None:
    job = accept()
    (settings.blobs_dir / "inputs").mkdir(parents=True)
    with writing(engine) as connection:
        values = {"input": None, "input_ref": f"inputs/{job.id}"}
        connection.execute(update(job_table).values(**values))
    for attempt in range(2, INPUT_ATTEMPTS + 1):
        clock.advance(GRACE)
        sweep.dispatch_missing()
        assert (row(job.id)["attempt"], row(job.id)["status"]) == (attempt, "queued")
        sweep._redis.flushall()
    clock.advance(GRACE)
    sweep.dispatch_missing()
    assert (row(job.id)["status"], row(job.id)["error_code"]) == ("failed", "input_lost")


def test_a_joiner_is_not_missing(accept, sweep, clock, row, snapshot) -> None:
    leader = accept()
    joiner = accept(joined_to=leader.id)
    clock.advance(GRACE)
    assert sweep.dispatch_missing() == Looked(next_id=None, missing=1)
    assert (row(leader.id)["attempt"], row(joiner.id)["attempt"]) == (2, 1)
    assert snapshot(joiner.id) is None


def test_a_joiner_expires_alone(accept, sweep, clock, row, snapshot) -> None:
    leader = accept()
    hurried, patient = (
        accept(joined_to=leader.id, deadline_at=clock.now()),
        accept(joined_to=leader.id),
    )
    sweep.expire()
    assert snapshot(hurried.id)["error_code"] == "deadline_exceeded"
    assert [row(job.id)["status"] for job in (leader, patient)] == ["queued", "queued"]


def test_when_a_leader_expires_the_next_one_is_dispatched(accept, sweep, clock, row, backlogs):
    leader = accept(deadline_at=clock.now())
    heir, follower = accept(joined_to=leader.id), accept(joined_to=leader.id)
    sweep.expire()
    sweep.dispatch_missing()
    assert [one.entry.id for one in backlogs.take(WINE, "a", 9).taken] == [heir.id]
    assert row(follower.id)["joined_to"] == heir.id


def test_joiners_of_a_dead_letter_are_buried_with_it(
    accept, engine, sweep, clock, row, snapshot
) -> None:
    """The same input would kill three more workers for each of them."""
    leader = accept()
    joiner = accept(joined_to=leader.id)
    for crashes in range(3):
        with writing(engine) as connection:
            lifecycle.crash(connection, [Due(leader.id, 1, crashes)], clock.now(), crashes_max=3)
    sweep.dispatch_missing()
    for job in (leader, joiner):
        assert row(job.id)["error_code"] == snapshot(job.id)["error_code"] == "worker_lost"


def test_an_end_that_sql_has_forgotten_is_none(
    accept, backlogs, sweep, clock, snapshot, row
) -> None:
    """As after a restore of SQL beside a Redis that stayed."""
    job = accept()
    backlogs.finish([job.snapshot(1024) | {"terminal": True, "status": "succeeded"}])
    clock.advance(GRACE)
    sweep.dispatch_missing()
    assert (snapshot(job.id)["terminal"], row(job.id)["attempt"]) == (False, 2)
    assert [one.entry.id for one in backlogs.take(WINE, "a", 9).taken] == [job.id]
