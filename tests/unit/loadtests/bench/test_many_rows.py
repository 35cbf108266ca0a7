from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from loadtests.bench.ledger import database_of, ids_at, until_all_ended
from loadtests.bench.many_rows import fill
from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.domain.ids import parse_job_id
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, listing, store
from shared.jobs.lifecycle import End
from shared.jobs.listing import Page
from shared.jobs.table import job_table
from shared.prediction_log.table import log_table

ROWS = 300


@pytest.fixture
def database(tmp_path):
    file = database_of(tmp_path)
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def engine(database):
    engine = create_database_engine(f"sqlite:///{database}")
    yield engine
    engine.dispose()


@pytest.fixture
def copied(engine, new_job, settings):
    """Two jobs that ended now; their rows are what the old ones are made of."""
    now = datetime.now(UTC)
    jobs = [new_job(created_at=now, idempotency_key=f"key-{n}") for n in range(2)]
    with writing(engine) as connection:
        store.insert(connection, [job.row(settings, None) for job in jobs])
        ends = [End(job.id, 1, Outcome(State.SUCCEEDED, output=b"1")) for job in jobs]
        lifecycle.finish(connection, ends, now)
    return [job.id for job in jobs]


def test_old_jobs_lie_before_those_that_were_there(database, engine, copied):
    fill(database, ROWS)
    with reading(engine) as connection:
        newest_first = listing.page(connection, Page(tenant="default", limit=1000)).rows
    ids = [row["id"] for row in newest_first]
    assert len(set(ids)) == ROWS + len(copied)
    assert set(ids[:2]) == set(copied)
    assert ids[2:] == sorted(ids[2:], reverse=True)
    assert all(parse_job_id(one) == one for one in ids)


def test_each_old_job_has_its_log_row(database, engine, copied):
    fill(database, ROWS)
    logged = log_table.c.job_id == job_table.c.id
    with reading(engine) as connection:
        joined = select(func.count()).select_from(job_table.join(log_table, logged))
        assert connection.execute(joined).scalar_one() == ROWS + len(copied)


def test_ids_are_found_by_their_places(database, copied):
    fill(database, ROWS)
    assert set(ids_at(database, [1, 2])) == set(copied)
    assert len(set(ids_at(database, range(3, ROWS + 3))) - set(copied)) == ROWS


def test_waiting_is_over_when_every_job_has_ended(database, copied):
    assert until_all_ended(database) < 1
