"""A page of a tenant's log, newest first: read from an index in its order, however long it is.

Without a filter, by model, by version, of the failed or of the canceled it is whole. What narrows
it further is looked for among `LOOKED_AT` rows: such a page may be short, or empty, and says where
the next one goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, bindparam, select, tuple_

from shared.prediction_log.table import feedback_table as feedback
from shared.prediction_log.table import log_table as log
from shared.prediction_log.table import sample_table as sample

LOOKED_AT = 10_000
"""Rows that one page looks at: 25 ms among a million."""

UNSUCCESSFUL = ("failed", "canceled")

Position = tuple[datetime, str]
"""Where a row stands: `completed_at`, `job_id`."""

JOINED = (
    *log.c,
    sample.c.input,
    feedback.c.label.label("truth_label"),
    feedback.c.value.label("truth_value"),
    feedback.c.source.label("truth_source"),
    feedback.c.comment.label("truth_comment"),
    feedback.c.given_at.label("truth_at"),
    feedback.c.changes.label("truth_changes"),
)
"""What is told of a row: its own columns, the input where it was drawn, what turned out true."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; `since` and `until` are the first and the last moment of an end.

    `equal` are columns of the log with the value that they should have.
    """

    tenant: str
    model: str | None = None
    version: str | None = None
    status: str | None = None
    equal: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None


class Found(NamedTuple):
    """Up to `limit` rows, newest first; `edge` is the last one looked at when there may be more."""

    rows: list[RowMapping]
    edge: Position | None = None


def page(
    connection: Connection, wanted: Wanted, limit: int, before: Position | None = None
) -> Found:
    """The newest rows behind `before`."""
    found_by, rest = _parts(wanted)
    bounds = (*found_by, *_bounds(wanted, before))
    order = (log.c.completed_at.desc(), log.c.job_id.desc())
    if not rest:
        return Found(_read(connection, _joined().where(*bounds).order_by(*order), limit))
    seen = select(log.c.job_id, log.c.completed_at, *(log.c[name] for name in rest))
    seen = seen.where(*bounds).order_by(*order)
    found = seen.limit(LOOKED_AT).subquery()
    kept = [found.c[name] == value for name, value in rest.items()]
    ids = select(found.c.job_id).where(*kept)
    ids = ids.order_by(found.c.completed_at.desc(), found.c.job_id.desc()).limit(limit)
    rows = read_many(connection, list(connection.execute(ids).scalars()))
    if len(rows) == limit:
        return Found(rows)
    last = connection.execute(seen.offset(LOOKED_AT - 1).limit(1)).first()
    return Found(rows, (last.completed_at, last.job_id) if last else None)


def read(connection: Connection, tenant: str, job_id: str) -> RowMapping | None:
    """What the log tells of one prediction."""
    statement = _joined().where(log.c.job_id == job_id, log.c.tenant == tenant)
    return connection.execute(statement).mappings().first()


def read_many(connection: Connection, job_ids: Sequence[str]) -> list[RowMapping]:
    """Rows of whatever tenant, newest first."""
    statement = _joined().where(log.c.job_id.in_(job_ids))
    rows = connection.execute(statement).mappings().all()
    return sorted(rows, key=lambda row: (row["completed_at"], row["job_id"]), reverse=True)


def _parts(wanted: Wanted) -> tuple[list[ColumnElement[bool]], dict[str, str]]:
    """By what the index finds them, and what is left to be looked at."""
    found_by, rest = [log.c.tenant == wanted.tenant], dict(wanted.equal)
    if wanted.status is not None:
        rest["status"] = wanted.status
    if wanted.model is not None:
        found_by.append(log.c.model == wanted.model)
        if wanted.version is not None:
            found_by.append(log.c.version == wanted.version)
    elif wanted.status in UNSUCCESSFUL:
        del rest["status"]
        # Written out, not bound: only so is the partial index used.
        status = bindparam(None, wanted.status, log.c.status.type, literal_execute=True)
        found_by.append(log.c.status == status)
    return found_by, rest


def _bounds(wanted: Wanted, before: Position | None) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield log.c.completed_at >= wanted.since
    if wanted.until is not None:
        yield log.c.completed_at <= wanted.until
    if before is not None:
        moment, job_id = before
        yield tuple_(log.c.completed_at, log.c.job_id) < tuple_(
            bindparam(None, moment, log.c.completed_at.type),
            bindparam(None, job_id, log.c.job_id.type),
        )


def _joined() -> Select[Any]:
    whole = log.outerjoin(sample, sample.c.job_id == log.c.job_id)
    whole = whole.outerjoin(feedback, feedback.c.job_id == log.c.job_id)
    return select(*JOINED).select_from(whole)


def _read(connection: Connection, statement: Select[Any], limit: int) -> list[RowMapping]:
    return list(connection.execute(statement.limit(limit)).mappings())
