from types import SimpleNamespace

import pytest

from shared.backlog.backlogs import Move
from shared.backlog.entries import Entry
from shared.db.engine import writing
from shared.domain.names import RECORD, Backlog, Priority, Stage
from shared.jobs import lifecycle
from shared.jobs.store import Due
from workers.audit import AUDIT_SECONDS, LONG_OWED_SECONDS, SLICE, Audit

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
GRACE = 10


@pytest.fixture
def audit(backlogs, engine, valkey, settings, clock) -> Audit:
    parts = {"redis": valkey, "settings": settings, "clock": clock, "engine": engine}
    return Audit(SimpleNamespace(backlogs=backlogs, **parts))


@pytest.fixture
def run_twice(audit, clock):
    """It acts on what it sees twice in a row."""

    def run() -> None:
        for _ in range(2):
            clock.advance(AUDIT_SECONDS)
            audit.run()

    return run


@pytest.fixture
def dispatched(accept, backlogs):
    def make():
        job = accept()
        backlogs.move([Move(Entry(job.snapshot(1024), job.input), WINE)])
        return job

    return make


def test_jobs_of_a_lost_stream_are_dispatched_again(
    dispatched, run_twice, sweep, valkey, keys, snapshot, backlogs
) -> None:
    jobs = [dispatched() for _ in range(3)]
    valkey.delete(keys.stream(WINE, Priority.NORMAL))
    run_twice()
    assert [snapshot(job.id) for job in jobs] == [None] * 3
    sweep.dispatch_missing()
    assert {one.entry.attempt for one in backlogs.take(WINE, "a", 9).taken} == {2}


def test_jobs_that_wait_or_are_held_at_any_stage_are_left_alone(
    dispatched, run_twice, valkey, keys, snapshot, backlogs
) -> None:
    lost = dispatched()
    valkey.delete(keys.stream(WINE, Priority.NORMAL))
    waiting, held, done = dispatched(), dispatched(), dispatched()
    taken = {one.entry.id: one for one in backlogs.take(WINE, "a", 3).taken}
    assert set(taken) == {waiting.id, held.id, done.id}
    backlogs.move([Move(taken[done.id].entry, RECORD, taken[done.id])])
    run_twice()
    assert snapshot(lost.id) is None
    assert all(snapshot(job.id)["attempt"] == 1 for job in (waiting, held, done))


def test_joiners_are_not_missed(dispatched, accept, run_twice, audit, monkeypatch) -> None:
    leader = dispatched()
    for _ in range(3):
        accept(joined_to=leader.id)
    monkeypatch.setattr(audit, "_give_back_orphans", lambda: pytest.fail("something is missing"))
    run_twice()


def test_one_look_is_not_enough(dispatched, audit, valkey, keys, snapshot, clock) -> None:
    job = dispatched()
    valkey.delete(keys.stream(WINE, Priority.NORMAL))
    clock.advance(AUDIT_SECONDS)
    audit.run()
    audit.run()  # too early to be a second look
    assert snapshot(job.id) is not None


def test_a_job_that_moved_on_meanwhile_keeps_its_snapshot(
    dispatched, audit, snapshot, backlogs, valkey, keys
) -> None:
    job = dispatched()
    valkey.delete(keys.snapshot(job.id), keys.stream(WINE, Priority.NORMAL))
    later = job.snapshot(1024) | {"attempt": 2}
    backlogs.move([Move(Entry(later, job.input), WINE)])
    audit._forget({job.id: 1})  # as if it had been listed before the later dispatch
    assert snapshot(job.id)["attempt"] == 2


def test_long_streams_are_listed_whole(dispatched, audit, keys) -> None:
    jobs = [dispatched() for _ in range(SLICE + 3)]
    assert set(audit._listed()) == {keys.snapshot(job.id) for job in jobs}


def test_entries_of_others_hide_an_orphan_for_minutes_only(
    dispatched, audit, valkey, keys, snapshot, clock
) -> None:
    orphan = dispatched()
    valkey.delete(keys.stream(WINE, Priority.NORMAL))
    clock.advance(GRACE)
    for waited, there in ((AUDIT_SECONDS, True), (LONG_OWED_SECONDS, False)):
        clock.advance(waited)
        young = [dispatched() for _ in range(2)]
        audit.run()
        assert (snapshot(orphan.id) is not None) is there
    assert all(snapshot(job.id) for job in young)


def test_an_orphan_that_an_older_redis_left_is_given_back(
    dispatched, run_twice, engine, valkey, keys, snapshot, clock
) -> None:
    job = dispatched()
    with writing(engine) as connection:
        lifecycle.dispatch(connection, [Due(job.id, 1)], clock.now(), 0)
    valkey.delete(keys.stream(WINE, Priority.NORMAL))
    run_twice()
    assert snapshot(job.id) is None
