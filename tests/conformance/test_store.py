from datetime import timedelta

from sqlalchemy import Engine

from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store
from shared.jobs.lifecycle import End


def test_a_taken_id_is_passed_over(engine: Engine, stored, new_job, settings) -> None:
    old, new = stored(), new_job()
    rows = [job.row(settings, None) for job in (new_job(id=old.id), new)]
    with writing(engine) as connection:
        assert store.insert(connection, rows) == {new.id}


def test_a_taken_key_of_the_same_tenant_is_passed_over(
    engine: Engine, stored, new_job, settings
) -> None:
    stored(idempotency_key="k", tenant="a")
    same, other = new_job(idempotency_key="k", tenant="a"), new_job(idempotency_key="k", tenant="b")
    with writing(engine) as connection:
        rows = [job.row(settings, None) for job in (same, other)]
        assert store.insert(connection, rows) == {other.id}


def test_a_row_comes_back_as_it_was_stored(engine: Engine, stored) -> None:
    job = stored(metadata='{"ö":"😀"}'.encode(), deadline_at=None)
    with reading(engine) as connection:
        row = store.read(connection, "default", job.id)
    assert row is not None
    assert (row["input"], row["request_metadata"]) == (job.input, job.metadata)
    assert (row["created_at"], row["id"], row["attempt"]) == (job.created_at, job.id, 1)


def test_another_tenants_job_is_not_read(engine: Engine, stored) -> None:
    job = stored(tenant="a")
    with reading(engine) as connection:
        assert store.read(connection, "b", job.id) is None


def test_only_unfinished_jobs_past_their_time_are_due(engine: Engine, stored, clock) -> None:
    early, late = stored(), stored(created_at=clock.now() + timedelta(seconds=5))
    soon, later = clock.now() + timedelta(seconds=10), clock.now() + timedelta(seconds=15)
    with reading(engine) as connection:
        assert [one.id for one in store.due(connection, soon, None, 9)] == [early.id]
        assert [one.id for one in store.due(connection, later, None, 9)] == [early.id, late.id]
        assert [one.id for one in store.due(connection, later, early.id, 9)] == [late.id]


def test_what_is_due_goes_on_behind_a_job_that_has_ended(engine: Engine, stored, clock) -> None:
    first, other, last = stored(tenant="a"), stored(tenant="b"), stored(tenant="b")
    later = clock.now() + timedelta(seconds=60)
    with writing(engine) as connection:
        lifecycle.finish(connection, [End(first.id, 1, Outcome(State.CANCELED))], clock.now())
    with reading(engine) as connection:
        found = [one.id for one in store.due(connection, later, first.id, 9)]
        assert found == [other.id, last.id]
        assert [one.id for one in store.due(connection, later, other.id, 9)] == [last.id]
        assert store.due(connection, later, new_job_id(), 9) == []


def test_the_overdue_are_those_whose_deadline_has_passed(engine: Engine, stored, clock) -> None:
    stored()
    late = stored(deadline_at=clock.now())
    stored(deadline_at=clock.now() + timedelta(seconds=1))
    with reading(engine) as connection:
        assert store.overdue(connection, clock.now(), 9) == [late.id]


def test_an_id_that_nobody_has_is_not_found(engine: Engine) -> None:
    with reading(engine) as connection:
        assert store.find_taken(connection, "default", new_job_id(), None) is None
        assert store.oldest_unfinished(connection) is None
