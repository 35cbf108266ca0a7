from datetime import timedelta

from sqlalchemy import Engine

from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store
from shared.jobs.lifecycle import End
from shared.jobs.store import Page


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


def test_pages_run_newest_first_in_both_directions(engine: Engine, stored, clock) -> None:
    jobs = []
    for _ in range(5):
        clock.advance(1)
        jobs.append(stored(created_at=clock.now()))
    newest = [job.id for job in jobs[::-1]]
    with reading(engine) as connection:
        first = store.page(connection, Page("default", 2))
        last = (first[-1]["created_at"], first[-1]["id"])
        second = store.page(connection, Page("default", 2, before=last))
        head = (second[0]["created_at"], second[0]["id"])
        back = store.page(connection, Page("default", 2, after=head))
    assert [row["id"] for row in first] == newest[:2]
    assert [row["id"] for row in second] == newest[2:4]
    assert back == first


def test_jobs_of_one_moment_are_ordered_by_id(engine: Engine, stored) -> None:
    ids = [stored().id for _ in range(4)]
    with reading(engine) as connection:
        first = store.page(connection, Page("default", 2))
        last = (first[-1]["created_at"], first[-1]["id"])
        second = store.page(connection, Page("default", 2, before=last))
    assert [row["id"] for row in (*first, *second)] == sorted(ids, reverse=True)


def test_filters_narrow_the_page(engine: Engine, stored) -> None:
    wine, digits = stored(model="wine"), stored(model="digits", version="2")
    with reading(engine) as connection:
        by_model = store.page(connection, Page("default", 9, model="digits", version="2"))
        by_status = store.page(connection, Page("default", 9, status=("failed",)))
    assert [row["id"] for row in by_model] == [digits.id] != [wine.id]
    assert by_status == []


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
