"""Pages of a list on both databases: their order, their filters, and how much they look at."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete

from shared.db.engine import reading, writing
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, listing
from shared.jobs.lifecycle import End
from shared.jobs.listing import Page
from shared.jobs.metadata import pair
from shared.jobs.table import job_table


@pytest.fixture
def found(engine: Engine):
    """The ids on a page, newest first."""

    def read(**wanted) -> list[str]:
        with reading(engine) as connection:
            return [row["id"] for row in listing.page(connection, Page(**_asked(wanted))).rows]

    return read


@pytest.fixture
def few_looked_at(monkeypatch) -> None:
    monkeypatch.setattr(listing, "LOOKED_AT", 3)


def _asked(wanted):
    return {"tenant": "default", "limit": 9} | wanted


def finish(engine, job, state=State.SUCCEEDED) -> None:
    with writing(engine) as connection:
        lifecycle.finish(connection, [End(job.id, 1, Outcome(state, output=b"1"))], job.created_at)


def place(row):
    return row["created_at"], row["id"]


def test_pages_run_newest_first_in_both_directions(engine: Engine, stored, clock) -> None:
    jobs = []
    for _ in range(5):
        clock.advance(1)
        jobs.append(stored(created_at=clock.now()))
    newest = [job.id for job in jobs[::-1]]
    with reading(engine) as connection:
        first = listing.page(connection, Page("default", 2)).rows
        second = listing.page(connection, Page("default", 2, before=place(first[-1]))).rows
        back = listing.page(connection, Page("default", 2, after=place(second[0]))).rows
    assert [row["id"] for row in first] == newest[:2]
    assert [row["id"] for row in second] == newest[2:4]
    assert back == first


def test_jobs_of_one_moment_are_ordered_by_id(engine: Engine, stored) -> None:
    ids = [stored().id for _ in range(4)]
    with reading(engine) as connection:
        first = listing.page(connection, Page("default", 2)).rows
        second = listing.page(connection, Page("default", 2, before=place(first[-1]))).rows
    assert [row["id"] for row in (*first, *second)] == sorted(ids, reverse=True)


def test_filters_narrow_the_page(stored, found) -> None:
    wine, digits = stored(model="wine"), stored(model="digits", version="2")
    assert found(model="digits") == found(model="digits", version="2") == [digits.id]
    assert found(model="wine") == [wine.id]
    assert found(status=("failed",)) == found(model="wine", version="2") == []


def test_moments_of_creation_are_bounds_that_belong_to_the_list(stored, found, clock) -> None:
    jobs = [stored(created_at=clock.now() + timedelta(seconds=n)) for n in range(4)]
    inner = (jobs[1].created_at, jobs[2].created_at)
    assert found(since=inner[0], until=inner[1]) == [jobs[2].id, jobs[1].id]
    assert found(model="wine", since=inner[1]) == [jobs[3].id, jobs[2].id]


def test_metadata_is_found_by_key_and_value(stored, found) -> None:
    job = stored(metadata=b'{"order":"A-7","live":true,"size":3}')
    stored(metadata=b'{"order":"A-8"}')
    stored(metadata=b'{"other":"A-7"}', tenant="default")
    stored(metadata=b'{"order":"A-7"}', tenant="else")
    for key, value in (("order", "A-7"), ("live", "true"), ("live", True), ("size", "3")):
        assert found(pairs=(pair(key, value),)) == [job.id]


def test_metadata_goes_with_other_filters(stored, found, engine) -> None:
    red, blue = (stored(metadata=b'{"set":"a","of":"%d"}' % n) for n in range(2))
    finish(engine, red)
    both = (pair("set", "a"), pair("of", "0"))
    assert found(pairs=both) == found(pairs=both[:1], status=("succeeded",)) == [red.id]
    assert found(pairs=both[:1], model="wine", version="1") == [blue.id, red.id]
    assert found(pairs=both, status=("queued",)) == found(pairs=both, model="digits") == []


def test_metadata_leaves_with_its_job(engine, stored, found) -> None:
    job = stored(metadata=b'{"order":"A-7"}')
    with writing(engine) as connection:
        connection.execute(delete(job_table).where(job_table.c.id == job.id))
    assert found(pairs=(pair("order", "A-7"),)) == []


def test_a_page_of_several_filters_ends_where_it_has_looked_enough(
    engine, stored, clock, few_looked_at
) -> None:
    jobs = [stored(created_at=clock.now() + timedelta(seconds=n)) for n in range(7)]
    finish(engine, jobs[2])
    with reading(engine) as connection:
        first = listing.page(connection, Page("default", 2, status=("succeeded",)))
        assert (first.rows, first.edge) == ([], place_of(jobs[4]))
        second = listing.page(
            connection, Page("default", 2, status=("succeeded",), before=first.edge)
        )
        assert [row["id"] for row in second.rows] == [jobs[2].id]
        assert second.edge == place_of(jobs[1])
        last = listing.page(
            connection, Page("default", 2, status=("succeeded",), before=second.edge)
        )
    assert last == ([], None)


def test_the_way_back_ends_there_too(engine, stored, clock, few_looked_at) -> None:
    jobs = [stored(created_at=clock.now() + timedelta(seconds=n)) for n in range(7)]
    finish(engine, jobs[1])
    wanted = Page("default", 2, status=("succeeded",), after=place_of(jobs[0]))
    with reading(engine) as connection:
        found = listing.page(connection, wanted)
    assert ([row["id"] for row in found.rows], found.edge) == ([jobs[1].id], place_of(jobs[3]))


def place_of(job):
    return job.created_at, job.id
