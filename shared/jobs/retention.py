"""What is kept of jobs that have ended, and for how long: statements, a slice of rows each.

Rows are found by the moment of their end, oldest first. How far inputs and outputs are cleared is
noted in `retention`, so that no sweeper begins anew; a row that is removed needs no note.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, or_, select, tuple_, update
from sqlmodel import Field, SQLModel

from shared.db.columns import JobId, UtcDateTime
from shared.jobs.table import job_table as job
from shared.prediction_log.table import log_table as log
from shared.prediction_log.tenants import tenants_of_log
from shared.webhooks import outbox


class Payload(StrEnum):
    INPUT = "input"
    OUTPUT = "output"


class Retention(SQLModel, table=True):
    """The last job whose payload of this kind was cleared."""

    __tablename__ = "retention"

    payload: str = Field(primary_key=True, max_length=8)
    completed_at: datetime = Field(sa_type=UtcDateTime)
    job_id: str = Field(sa_type=JobId)


retention_table: Table = Retention.__table__  # type: ignore[attr-defined]

Ended = tuple[datetime, str]
"""`completed_at` and `id` of a job that has ended."""


def uncleared(
    connection: Connection, payload: Payload, before: datetime, limit: int
) -> list[Ended]:
    """The next jobs that ended before that moment, in the order of their end."""
    noted = retention_table
    place = select(noted.c.completed_at, noted.c.job_id).where(noted.c.payload == payload.value)
    return _ended(connection, before, limit, connection.execute(place).first())


def clear(connection: Connection, payload: Payload, jobs: Sequence[Ended]) -> None:
    """Takes the input or output away from these jobs, and notes how far that went."""
    value, reference = job.c[payload.value], job.c[f"{payload}_ref"]
    there = or_(value.is_not(None), reference.is_not(None))
    of_jobs = job.c.id.in_([job_id for _, job_id in jobs])
    statement = update(job).where(of_jobs, there)
    connection.execute(statement.values({value: None, reference: None}))
    last_at, last_id = jobs[-1]
    noted = {"completed_at": last_at, "job_id": last_id}
    of_kind = retention_table.c.payload == payload.value
    if not connection.execute(update(retention_table).where(of_kind).values(noted)).rowcount:
        connection.execute(insert(retention_table).values(noted | {"payload": payload.value}))


def outdated(connection: Connection, before: datetime, limit: int) -> list[Ended]:
    """The jobs that ended first, of those that ended before that moment."""
    return _ended(connection, before, limit)


def remove(connection: Connection, jobs: Sequence[Ended]) -> None:
    """Removes their rows, and what was delivered of them; the prediction log stays."""
    job_ids = [job_id for _, job_id in jobs]
    connection.execute(delete(job).where(job.c.id.in_(job_ids)))
    outbox.forget_jobs(connection, job_ids)


def remove_logged(connection: Connection, before: datetime, limit: int) -> int:
    """Removes rows of the prediction log, so many of each tenant; answers how many.

    Their samples and feedback go with them.
    """
    removed = 0
    for tenant in tenants_of_log(connection):
        its = (log.c.tenant == tenant, log.c.completed_at < before)
        ids = select(log.c.job_id).where(*its)
        oldest = ids.order_by(log.c.completed_at).limit(limit).scalar_subquery()
        removed += connection.execute(delete(log).where(log.c.job_id.in_(oldest))).rowcount
    return removed


def _ended(connection: Connection, before: datetime, limit: int, behind: Any = None) -> list[Ended]:
    place = (job.c.completed_at, job.c.id)
    statement = select(*place).where(job.c.completed_at < before)
    if behind is not None:
        last = (
            bindparam(None, behind[0], place[0].type),
            bindparam(None, behind[1], place[1].type),
        )
        statement = statement.where(tuple_(*place) > tuple_(*last))
    found = connection.execute(statement.order_by(*place).limit(limit))
    return [(at, job_id) for at, job_id in found]
