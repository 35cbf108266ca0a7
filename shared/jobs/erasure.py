"""What a tenant has left is erased: statements, a slice of rows each.

Only jobs that have ended go: an unfinished one is owed its end.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    bindparam,
    delete,
    func,
    select,
    tuple_,
)

from shared.files.table import file_table as file
from shared.jobs.store import has_status
from shared.jobs.table import job_table as job
from shared.prediction_log.table import log_table as log
from shared.webhooks import outbox

Place = tuple[datetime, str]
"""`created_at` and `id` of the last job that was looked at."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of this tenant; what came before a moment, or these jobs."""

    tenant: str
    before: datetime | None = None
    job_ids: Sequence[str] | None = None


def ended_jobs(
    connection: Connection, wanted: Wanted, limit: int, behind: Place | None = None
) -> Sequence[RowMapping]:
    """The next that have ended, oldest first, with what must be known to erase them elsewhere."""
    order = (job.c.created_at, job.c.id)
    columns = ("id", "created_at", "model", "input_hash", "input_ref", "output_ref")
    statement = select(*(job.c[name] for name in columns)).where(
        job.c.tenant == wanted.tenant, job.c.completed_at.is_not(None)
    )
    if wanted.job_ids is not None:
        statement = statement.where(job.c.id.in_(wanted.job_ids))
    if wanted.before is not None:
        statement = statement.where(job.c.created_at < wanted.before)
    if behind is not None:
        statement = statement.where(tuple_(*order) > _place(order, behind))
    return connection.execute(statement.order_by(*order).limit(limit)).mappings().all()


def erase_jobs(connection: Connection, job_ids: Collection[str]) -> None:
    """Their rows, log rows, samples, feedback, metadata and webhooks."""
    connection.execute(delete(log).where(log.c.job_id.in_(job_ids)))
    connection.execute(delete(job).where(job.c.id.in_(job_ids)))
    outbox.forget_jobs(connection, job_ids)


def erase_logged(connection: Connection, wanted: Wanted, limit: int) -> int:
    """Rows of the log whose jobs have gone before; answers how many. They count by their end."""
    found = select(log.c.job_id).where(log.c.tenant == wanted.tenant)
    if wanted.job_ids is not None:
        found = found.where(log.c.job_id.in_(wanted.job_ids))
    if wanted.before is not None:
        found = found.where(log.c.completed_at < wanted.before)
    gone = ~select(job.c.id).where(job.c.id == log.c.job_id).exists()
    slice_ = found.where(gone).order_by(log.c.completed_at, log.c.job_id).limit(limit)
    return connection.execute(delete(log).where(log.c.job_id.in_(slice_))).rowcount


def erase_files(connection: Connection, wanted: Wanted, limit: int) -> list[str]:
    """Uploaded files; answers their ids. None where jobs are named."""
    if wanted.job_ids is not None:
        return []
    found = select(file.c.id).where(file.c.tenant == wanted.tenant)
    if wanted.before is not None:
        found = found.where(file.c.created_at < wanted.before)
    order = (file.c.created_at, file.c.id)
    ids = list(connection.execute(found.order_by(*order).limit(limit)).scalars())
    connection.execute(delete(file).where(file.c.id.in_(ids)))
    return ids


def count_unfinished(connection: Connection, wanted: Wanted) -> int:
    """Of those that are wanted; they stay."""
    unfinished = has_status("queued")
    statement = (
        select(func.count()).select_from(job).where(unfinished, job.c.tenant == wanted.tenant)
    )
    if wanted.job_ids is not None:
        statement = statement.where(job.c.id.in_(wanted.job_ids))
    if wanted.before is not None:
        statement = statement.where(job.c.created_at < wanted.before)
    return connection.execute(statement).scalar_one()


def _place(order: Sequence[ColumnElement[Any]], behind: Place) -> Any:
    pairs = zip(order, behind, strict=True)
    return tuple_(*(bindparam(None, value, column.type) for column, value in pairs))
