"""Retention by the sweeper: over real Valkey and SQLite."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from shared.backlog.backlogs import RESULT_GRACE_SECONDS, Backlogs
from shared.db.engine import reading, writing
from shared.domain.outcome import Outcome
from shared.domain.serving import Serving
from shared.domain.states import State
from shared.jobs import lifecycle, store, views
from shared.jobs.lifecycle import End
from workers import retention
from workers.retention import LOOK_SECONDS, Retention

DAY = 86400


@pytest.fixture
def settings(settings):
    days = {"input": 1, "output": 2, "job": 3, "log": 4}
    return settings.model_copy(
        update={f"retention_{what}_days": kept for what, kept in days.items()}
    )


@pytest.fixture
def parts(settings, engine, valkey, clock) -> SimpleNamespace:
    return SimpleNamespace(settings=settings, engine=engine, redis=valkey, clock=clock)


@pytest.fixture
def row(engine):
    """A job's row; None once it has gone."""

    def read(job_id: str):
        with reading(engine) as connection:
            return next(iter(store.read_many(connection, [job_id])), None)

    return read


@pytest.fixture
def ended(engine, accept, settings, valkey, clock):
    """Ends a job now, in SQL and in Redis; answers its id."""
    backlogs = Backlogs(valkey, settings)

    def make() -> str:
        job_id = accept().id
        with writing(engine) as connection:
            outcome = Outcome(State.SUCCEEDED, output=b"1")
            lifecycle.finish(connection, [End(job_id, 1, outcome)], clock.now())
            row = store.read_many(connection, [job_id])[0]
        backlogs.finish([views.from_row(row, 1024)])
        return job_id

    return make


def test_what_was_kept_long_enough_goes_one_after_the_other(
    parts, ended, row, clock, valkey, keys
) -> None:
    job_id, seen = ended(), []
    for _ in range(3):
        clock.advance(DAY + 1)
        Retention(parts).run()
        left = row(job_id)
        seen.append(left and (left["input"] is None, left["output"] is None))
    assert seen == [(True, False), (True, True), None]
    assert not valkey.exists(keys.snapshot(job_id))


def test_it_takes_slices_until_nothing_is_left_and_then_rests(
    parts, ended, row, clock, monkeypatch
) -> None:
    monkeypatch.setattr(retention, "SLICE", 2)
    ids = [ended() for _ in range(5)]
    clock.advance(3 * DAY + 1)
    sweep = Retention(parts)
    sweep.run()
    assert [row(job_id) for job_id in ids] == [None] * 5
    late = ended()
    clock.advance(3 * DAY + 1)
    sweep._next_at = clock.monotonic() + LOOK_SECONDS
    sweep.run()
    assert row(late)["input"] is not None


def test_what_is_kept_for_good_is_not_looked_for(parts, ended, row, clock, settings) -> None:
    never = {f"retention_{what}_days": 0 for what in ("input", "output", "job", "log")}
    parts.settings = settings.model_copy(update=never)
    job_id = ended()
    clock.advance(1000 * DAY)
    Retention(parts).run()
    assert row(job_id)["output"] == b"1"


def test_no_result_is_reused_when_it_is_about_to_go(valkey, settings) -> None:
    kept = settings.model_copy(update={"retention_output_days": timedelta(hours=1) / timedelta(1)})
    backlogs = Backlogs(valkey, kept)
    assert backlogs._reused_seconds(Serving(cache_seconds=DAY)) == 3600 - RESULT_GRACE_SECONDS
    assert backlogs._reused_seconds(Serving(cache_seconds=60)) == 60
