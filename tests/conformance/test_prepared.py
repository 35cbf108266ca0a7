from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, bindparam, insert, literal_column, select, update
from sqlalchemy.exc import IntegrityError

from shared.db.engine import writing
from shared.db.expressions import among
from shared.db.prepared import Prepared
from shared.domain.ids import new_job_id
from shared.jobs.table import job_table as job

RAISE = Prepared(
    update(job)
    .where(job.c.id == bindparam("job_id"), job.c.status == literal_column("'queued'"))
    .values(attempt=bindparam("new_attempt"))
)


@pytest.fixture
def rows(new_job, settings, clock) -> list[dict[str, Any]]:
    jobs = [new_job(metadata=b'{"a":1}'), new_job(deadline_at=clock.now(), webhook="http://x")]
    return [one.row(settings, None) for one in jobs]


@pytest.fixture
def stored_alike(engine: Engine, rows) -> Callable[[Callable[[Connection], object]], bool]:
    """Whether a call stores the rows, to the byte, as SQLAlchemy does."""

    def look(store: Callable[[Connection], object]) -> list[Any]:
        with engine.connect().execution_options(queuecast_write=True) as connection:
            store(connection)
            found = connection.exec_driver_sql("SELECT * FROM job ORDER BY id").all()
            connection.rollback()
        return [tuple(row) for row in found]

    return lambda store: look(store) == look(lambda c: c.execute(insert(job), rows)) != []


def test_rows_are_stored_as_sqlalchemy_stores_them(stored_alike, rows) -> None:
    returning = Prepared(insert(job).returning(job.c.id))
    assert stored_alike(lambda connection: returning.insert(connection, rows))
    assert stored_alike(lambda connection: Prepared(insert(job)).execute(connection, rows))


def test_what_an_insert_returns_is_as_it_was_given(engine: Engine, rows) -> None:
    statement = Prepared(insert(job).returning(job.c.id))
    with writing(engine) as connection:
        assert statement.insert(connection, rows) == [row["id"] for row in rows]


@pytest.mark.parametrize("most", [0, 1, 9])
def test_a_list_of_ids_is_one_value(engine: Engine, stored, most: int) -> None:
    jobs = [stored() for _ in range(2)]
    columns = (job.c.id, job.c.input, job.c.created_at, job.c.joined_to)
    some = select(*columns).where(among(job.c.id, "ids")).order_by(job.c.id)
    statement, ids = Prepared(some.limit(bindparam("most"))), [one.id for one in jobs]
    for asked, known in (([], []), (ids, jobs), ([new_job_id(), ids[1]], jobs[1:])):
        with engine.connect() as connection:
            found = statement.select(connection, ids=asked, most=most)
        wanted = [(one.id, one.input, one.created_at, None) for one in known]
        assert [tuple(row.values()) for row in found] == wanted[:most]


def test_one_row_values_or_several_are_executed(engine: Engine, stored, row) -> None:
    jobs = [stored() for _ in range(3)]
    for some in ([jobs[0]], jobs[1:]):
        values = [{"job_id": one.id, "new_attempt": 7} for one in some]
        with writing(engine) as connection:
            RAISE.execute(connection, values)
    assert [row(one.id)["attempt"] for one in jobs] == [7, 7, 7]


def test_a_moment_is_stored_in_utc(engine: Engine, rows, row) -> None:
    moment = datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=2)))
    with writing(engine) as connection:
        Prepared(insert(job)).execute(connection, [rows[0] | {"created_at": moment}])
        kept = connection.exec_driver_sql("SELECT created_at FROM job").scalar_one()
    assert row(rows[0]["id"])["created_at"] == moment
    assert kept in ("2026-01-02 10:00:00.000000", moment.astimezone(UTC))


def test_what_cannot_be_stored_is_told_as_sqlalchemy_tells_it(engine: Engine, rows) -> None:
    statement = Prepared(insert(job))
    with pytest.raises(ValueError, match="time zone"), writing(engine) as connection:
        statement.execute(connection, [rows[0] | {"created_at": datetime(2026, 1, 2)}])  # noqa: DTZ001
    with pytest.raises(IntegrityError), writing(engine) as connection:
        statement.execute(connection, [*rows, rows[0]])
