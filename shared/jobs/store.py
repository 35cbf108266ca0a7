"""The statements on the `job` table that change no state: insert, read, find what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from shared.db.prepared import Prepared
from shared.domain.states import State
from shared.jobs import metadata
from shared.jobs.table import job_table as job


def has_status(status: str) -> ColumnElement[bool]:
    """Written out, not bound: only so are the partial indexes used."""
    return job.c.status == bindparam(None, status, job.c.status.type, literal_execute=True)


_UNFINISHED = has_status(State.QUEUED.value)


LOGGED = (
    job.c.id, job.c.status, job.c.attempt, job.c.tenant, job.c.model, job.c.version, job.c.digest,
    job.c.input_hash, job.c.input_bytes, job.c.cache, job.c.created_at, job.c.joined_to,
    job.c.webhook, job.c.webhook_events,
)  # fmt: skip
"""What the end of a job asks of its row: to decide, for the prediction log, and whom to tell."""


@dataclass(frozen=True, slots=True)
class Due:
    """An unfinished job as it was seen: what a compare-and-set compares with."""

    id: str
    attempt: int
    crashes: int = 0


_INSERT = {
    name: Prepared(dialect.insert(job).on_conflict_do_nothing().returning(job.c.id))
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}

# Made once: to make a statement costs as much as to execute it.
_READ = select(job).where(job.c.id.in_(bindparam("ids", expanding=True)))

AT_ONCE = 1000
"""Rows of one statement: SQLite takes 32,766 values for it, and a new row has 28 at the most."""


def insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Inserts the rows and answers the new ids; an id or key that is taken is passed over."""
    if not rows:
        return set()
    statement = _INSERT[connection.dialect.name]
    created: set[str] = set()
    for start in range(0, len(rows), AT_ONCE):
        created.update(statement.insert(connection, rows[start : start + AT_ONCE]))
    described = [row for row in rows if row["request_metadata"] and row["id"] in created]
    if described:
        metadata.note(connection, described)
    return created


def read(connection: Connection, tenant: str, job_id: str) -> RowMapping | None:
    """The row of a tenant's job."""
    statement = select(job).where(job.c.id == job_id, job.c.tenant == tenant)
    return connection.execute(statement).mappings().first()


def read_many(connection: Connection, job_ids: Sequence[str]) -> Sequence[RowMapping]:
    """Rows of whatever tenant, for the queue itself."""
    return [
        row
        for start in range(0, len(job_ids), AT_ONCE)
        for row in connection.execute(_READ, {"ids": job_ids[start : start + AT_ONCE]}).mappings()
    ]


def find_taken(
    connection: Connection, tenant: str, job_id: str, idempotency_key: str | None
) -> RowMapping | None:
    """The row that keeps a job from being inserted: the same id, or the tenant's same key."""
    same_key = and_(job.c.tenant == tenant, job.c.idempotency_key == idempotency_key)
    taken = job.c.id == job_id if idempotency_key is None else or_(job.c.id == job_id, same_key)
    return connection.execute(select(job).where(taken)).mappings().first()


def due(connection: Connection, now: datetime, after_id: str | None, limit: int) -> list[Due]:
    """Unfinished jobs whose `dispatch_after` has passed, in the order of their index.

    `after_id` is the job behind which to go on; one that is gone has nothing behind it.
    """
    order = (job.c.tenant, job.c.created_at, job.c.id)
    conditions: list[Any] = [*_owed(now)]
    if after_id is not None:
        before = job.alias()
        place = select(*(before.c[one.name] for one in order)).where(before.c.id == after_id)
        conditions.append(tuple_(*order) > place.scalar_subquery())
    statement = select(job.c.id, job.c.attempt, job.c.crashes).where(*conditions)
    return [Due(*row) for row in connection.execute(statement.order_by(*order).limit(limit))]


def count_due(connection: Connection, now: datetime) -> int:
    """How many unfinished jobs should be in Redis by now."""
    statement = select(func.count()).where(*_owed(now))
    return connection.execute(statement).scalar_one()


def count_unfinished(connection: Connection, tenant: str, to: int) -> int:
    """How many jobs of a tenant have not ended, counted up to `to`."""
    # In order, or SQLite would go through an index of all jobs.
    asked = select(job.c.id).where(_UNFINISHED, job.c.tenant == tenant)
    found = asked.order_by(job.c.created_at, job.c.id).limit(to).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def overdue(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Ids of unfinished jobs whose deadline has passed."""
    statement = select(job.c.id).where(
        _UNFINISHED, job.c.deadline_at.is_not(None), job.c.deadline_at <= now
    )
    return list(connection.execute(statement.limit(limit)).scalars())


def oldest_unfinished(connection: Connection) -> datetime | None:
    """When the oldest unfinished job was created."""
    statement = select(func.min(job.c.created_at)).where(_UNFINISHED)
    oldest: datetime | None = connection.execute(statement).scalar()
    return oldest


def _owed(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Joiners are owed nothing of their own: they end with their leader."""
    return _UNFINISHED, job.c.dispatch_after <= now, job.c.joined_to.is_(None)
