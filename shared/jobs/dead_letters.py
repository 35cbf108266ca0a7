"""Dead letters: failed jobs that say more of the service than of their input. Statements only.

They are rows like any other, found by their error code. A retry is a new job that refers to its
letter; a rule of the database lets each have one. To purge is to remove the job.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

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

from shared.domain.ids import new_job_id
from shared.domain.names import Priority
from shared.jobs import store
from shared.jobs.table import DEAD
from shared.jobs.table import job_table as job
from shared.webhooks import outbox
from shared.webhooks.events import Event, wants

LOOKED_AT = 2000
"""Letters that one page looks at, where filters leave few of them."""

_RANK = {priority.value: rank for rank, priority in enumerate(Priority)}

_SAME = (
    "tenant", "model", "version", "digest", "priority", "input", "input_ref", "input_bytes",
    "input_hash", "body_hash", "webhook", "webhook_events", "request_metadata",
)  # fmt: skip
"""What a retry has in common with its letter."""

_again = job.alias("again")
_RETRIED_AS = select(_again.c.id).where(_again.c.retry_of == job.c.id).scalar_subquery()
_SHOWN = (
    job.c.id, job.c.tenant, job.c.model, job.c.version, job.c.error_code, job.c.error,
    job.c.attempt, job.c.crashes, job.c.cache, job.c.retry_of, job.c.created_at, job.c.completed_at,
    or_(job.c.input.is_not(None), job.c.input_ref.is_not(None)).label("has_input"),
    _RETRIED_AS.label("retried_as"),
)  # fmt: skip

Position = tuple[datetime, str]
"""Where a letter stands in the list: `completed_at`, `id`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters of a tenant; `since` and `until` are the first and last moment of their end."""

    tenant: str
    model: str | None = None
    code: str | None = None
    retried: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


class Found(NamedTuple):
    """Newest first; `edge` is where the next page goes on, None behind the last."""

    rows: Sequence[RowMapping]
    edge: Position | None


def page(
    connection: Connection, wanted: Wanted, limit: int, before: Position | None = None
) -> Found:
    """Up to `limit` letters behind `before`; it may have fewer though others follow."""
    place = (job.c.completed_at, job.c.id)
    order = [one.desc() for one in place]
    seen = select(*_SHOWN).where(DEAD, *_bounds(wanted, before)).order_by(*order).limit(LOOKED_AT)
    looked_at = seen.subquery()
    kept = select(looked_at).where(*_filters(wanted, looked_at.c))
    kept = kept.order_by(looked_at.c.completed_at.desc(), looked_at.c.id.desc()).limit(limit + 1)
    rows = connection.execute(kept).mappings().all()
    if len(rows) > limit:
        last = rows[limit - 1]
        return Found(rows[:limit], (last["completed_at"], last["id"]))
    end = connection.execute(seen.with_only_columns(*place).offset(LOOKED_AT - 1).limit(1)).first()
    return Found(rows, (end.completed_at, end.id) if end else None)


def read(connection: Connection, tenant: str, job_id: str) -> RowMapping | None:
    """One letter."""
    statement = select(*_SHOWN).where(DEAD, job.c.id == job_id, job.c.tenant == tenant)
    return connection.execute(statement).mappings().first()


def tenants(connection: Connection) -> list[str]:
    """Those who have letters: each is a step in the index."""
    found: list[str] = []
    while True:
        behind = [job.c.tenant > found[-1]] if found else []
        statement = select(func.min(job.c.tenant)).where(DEAD, *behind)
        following = connection.execute(statement).scalar()
        if following is None:
            return found
        found.append(following)


def retry(connection: Connection, job_ids: Sequence[str], now: datetime) -> dict[str, str]:
    """Makes a new job of each letter, queued for the sweeper; answers it by its letter.

    A letter that has been retried keeps the job that it has; one without an input gets none.
    """
    letters = [row for row in store.read_many(connection, job_ids) if _has_input(row)]
    rows = _leaders_first(_row(row, now) for row in letters)
    created = store.insert(connection, rows)
    _announce(connection, [row for row in rows if row["id"] in created], now)
    return _retries(connection, job_ids)


def _bounds(wanted: Wanted, before: Position | None) -> list[ColumnElement[bool]]:
    bounds = [job.c.tenant == wanted.tenant]
    if wanted.since is not None:
        bounds.append(job.c.completed_at >= wanted.since)
    if wanted.until is not None:
        bounds.append(job.c.completed_at <= wanted.until)
    if before is not None:
        moment, job_id = before
        edge = (
            bindparam(None, moment, job.c.completed_at.type),
            bindparam(None, job_id, job.c.id.type),
        )
        bounds.append(tuple_(job.c.completed_at, job.c.id) < tuple_(*edge))
    return bounds


def _filters(wanted: Wanted, columns: Any) -> list[ColumnElement[bool]]:
    filters = []
    if wanted.model is not None:
        filters.append(columns.model == wanted.model)
    if wanted.code is not None:
        filters.append(columns.error_code == wanted.code)
    if wanted.retried is not None:
        is_retried = columns.retried_as.is_not(None)
        filters.append(is_retried if wanted.retried else ~is_retried)
    return filters


def _has_input(row: RowMapping) -> bool:
    return row["input"] is not None or row["input_ref"] is not None


def _row(letter: RowMapping, now: datetime) -> dict[str, Any]:
    """Of no attempt yet: the sweeper's dispatch is the first. The deadline is as far off."""
    allowed = letter["deadline_at"] and letter["deadline_at"] - letter["created_at"]
    return {name: letter[name] for name in _SAME} | {
        "id": new_job_id(),
        "status": "queued",
        "attempt": 0,
        "crashes": 0,
        "dispatch_after": now,
        "deadline_at": now + allowed if allowed else None,
        "idempotency_key": None,
        "joined_to": letter["joined_to"],
        "retry_of": letter["id"],
        "cache": "miss",
        "created_at": now,
    }


def _leaders_first(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Who had run for others does so again: else one poisonous input ran once for each of them."""
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["joined_to"] or row["retry_of"]].append(row)
    leaders: list[dict[str, Any]] = []
    joiners: list[dict[str, Any]] = []
    for members in groups.values():
        first, *others = sorted(members, key=_leads_before)
        leaders.append(first | {"joined_to": None})
        joiners += (one | {"joined_to": first["id"], "cache": "joined"} for one in others)
    return leaders + joiners


def _leads_before(row: Mapping[str, Any]) -> tuple[bool, int, str]:
    return row["joined_to"] is not None, _RANK[row["priority"]], row["id"]


def _announce(connection: Connection, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """The deliveries that tell of a start, of jobs whose webhooks want to hear of it."""
    told = [
        outbox.new_row(row["tenant"], row["id"], Event.START, row["webhook"], now)
        for row in rows
        if row["webhook"] is not None and wants(row["webhook_events"], Event.START)
    ]
    outbox.write(connection, told)


def _retries(connection: Connection, job_ids: Sequence[str]) -> dict[str, str]:
    asked = and_(job.c.retry_of.is_not(None), job.c.retry_of.in_(job_ids))
    rows = connection.execute(select(job.c.retry_of, job.c.id).where(asked))
    return {row.retry_of: row.id for row in rows}
