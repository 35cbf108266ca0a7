"""The outbox: deliveries are written with the end they tell of, claimed when due, and settled.

Every function works inside the caller's transaction.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update

from shared.domain.ids import new_job_id
from shared.webhooks import endpoints
from shared.webhooks.events import Event
from shared.webhooks.table import attempt_table
from shared.webhooks.table import delivery_table as delivery

SLICE = 256
SLICES_MAX = 8
"""So often one claim passes over the deliveries of busy hosts to find those of others."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is to be sent now. `claims` fences what is reported of it.

    `in_trouble`: its endpoint has failed since.
    """

    id: str
    tenant: str
    job_id: str | None
    event: Event
    url: str
    host: str
    endpoint: str
    claims: int
    failures: int
    created_at: datetime
    in_trouble: bool = False


# Made once: to make a statement costs as much as to execute it.
_INSERT = insert(delivery)
_CLAIM = (
    update(delivery)
    .where(delivery.c.id == bindparam("claimed"))
    .values(due_at=bindparam("until"), claims=delivery.c.claims + 1)
)
_COLUMNS = (
    delivery.c.id, delivery.c.tenant, delivery.c.job_id, delivery.c.event, delivery.c.url,
    delivery.c.host, delivery.c.endpoint, delivery.c.claims, delivery.c.failures,
    delivery.c.created_at,
)  # fmt: skip


def new_row(
    tenant: str, job_id: str | None, event: Event, url: str, now: datetime
) -> dict[str, Any]:
    """A delivery that is due at once."""
    return {
        "id": new_job_id(),
        "tenant": tenant,
        "job_id": job_id,
        "event": event.value,
        "url": url,
        "host": urlsplit(url).hostname or "",
        "endpoint": endpoints.endpoint_id(tenant, url),
        "state": "pending",
        "claims": 0,
        "failures": 0,
        "due_at": now,
        "created_at": now,
    }


def write(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(_INSERT, list(rows))


def is_due(connection: Connection, now: datetime, full: Collection[str] = ()) -> bool:
    """Whether a delivery waits to be sent to a host that is not among `full`."""
    statement = select(delivery.c.due_at).where(*_due(now, full)).limit(1)
    return connection.execute(statement).first() is not None


def longest_due(connection: Connection, now: datetime) -> datetime | None:
    """Since when the delivery that is longest due has been so; None: none is due."""
    statement = select(delivery.c.due_at).where(*_due(now, ())).order_by(delivery.c.due_at)
    found: datetime | None = connection.execute(statement.limit(1)).scalar()
    return found


def claim(
    connection: Connection,
    now: datetime,
    until: datetime,
    *,
    limit: int,
    take: Callable[[str], bool],
    full: Iterable[str] = (),
) -> list[Claimed]:
    """Up to `limit` due deliveries, the longest due first.

    `take` takes room for one more to a host, or answers False where there is none. What is claimed
    is due again at `until`, unless it is settled. Deliveries of a disabled endpoint fail here.
    """
    claimed: list[Claimed] = []
    passed_over = set(full)
    for _ in range(SLICES_MAX):
        rows = _slice(connection, now, passed_over)
        found: list[Any] = []
        for row in rows:
            if len(claimed) + len(found) >= limit:
                break
            if row["host"] not in passed_over and take(row["host"]):
                found.append(row)
            else:
                passed_over.add(row["host"])
        claimed += _claimed(connection, found, now, until)
        if len(rows) < SLICE or len(claimed) >= limit:
            break
    return claimed


def release(connection: Connection, some: Iterable[Claimed], now: datetime) -> None:
    """Makes claimed deliveries due at once that were not sent."""
    for one in some:
        connection.execute(update(delivery).where(*as_claimed(one)).values(due_at=now))


def as_claimed(one: Claimed) -> tuple[ColumnElement[bool], ...]:
    """What a compare-and-set compares with."""
    return delivery.c.id == one.id, delivery.c.claims == one.claims, _is("pending")


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Deletes deliveries that were finished before then, with their attempts; how many."""
    old = select(delivery.c.id).where(
        delivery.c.finished_at.is_not(None), delivery.c.finished_at < before
    )
    found = list(connection.execute(old.order_by(delivery.c.finished_at).limit(limit)).scalars())
    if found:
        connection.execute(delete(attempt_table).where(attempt_table.c.delivery_id.in_(found)))
        connection.execute(delete(delivery).where(delivery.c.id.in_(found)))
    return len(found)


def forget_jobs(connection: Connection, job_ids: Collection[str]) -> None:
    """Deletes the deliveries of these jobs, with their attempts."""
    of_jobs = select(delivery.c.id).where(delivery.c.job_id.in_(job_ids))
    if found := list(connection.execute(of_jobs).scalars()):
        connection.execute(delete(attempt_table).where(attempt_table.c.delivery_id.in_(found)))
        connection.execute(delete(delivery).where(delivery.c.id.in_(found)))


def _slice(connection: Connection, now: datetime, full: Collection[str]) -> Sequence[Any]:
    statement = select(*_COLUMNS).where(*_due(now, full)).order_by(delivery.c.due_at)
    locked = statement.limit(SLICE).with_for_update(skip_locked=True)
    return connection.execute(locked).mappings().all()


def _claimed(
    connection: Connection, rows: Sequence[Any], now: datetime, until: datetime
) -> list[Claimed]:
    if not rows:
        return []
    disabled = endpoints.disabled(connection, {row["endpoint"] for row in rows})
    refused = [row["id"] for row in rows if disabled.get(row["endpoint"])]
    if refused:
        connection.execute(
            update(delivery)
            .where(delivery.c.id.in_(refused))
            .values(state="failed", error="endpoint_disabled", finished_at=now)
        )
    going = [row for row in rows if not disabled.get(row["endpoint"])]
    if going:
        claims = [{"claimed": row["id"], "until": until} for row in going]
        connection.execute(_CLAIM, claims)
    return [
        Claimed(
            **row | {"event": Event(row["event"]), "claims": row["claims"] + 1},
            in_trouble=row["endpoint"] in disabled,
        )
        for row in map(dict, going)
    ]


def _due(now: datetime, full: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    due = (_is("pending"), delivery.c.due_at <= now)
    return (*due, delivery.c.host.not_in(sorted(full))) if full else due


def _is(state: str) -> ColumnElement[bool]:
    """Written out, not bound: only so is the partial index used."""
    return delivery.c.state == bindparam(None, state, delivery.c.state.type, literal_execute=True)
