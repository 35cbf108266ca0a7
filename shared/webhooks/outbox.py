"""The outbox: deliveries are written with the end they tell of, and forgotten when long finished.

Every function works inside the caller's transaction. Those that are due are claimed (see `claims`),
then settled (see `settling`).
"""

from collections.abc import Collection, Iterable, Sequence
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


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is to be sent now. `claims` fences what is reported of it.

    `failures` counts this attempt, until it is known to have gone well. `in_trouble`: its endpoint
    has failed since.
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


def release(connection: Connection, some: Iterable[Claimed], now: datetime) -> None:
    """Makes claimed deliveries due at once that were not sent: that was no attempt."""
    for one in some:
        unsent = {"due_at": now, "failures": one.failures - 1}
        connection.execute(update(delivery).where(*as_claimed(one)).values(unsent))


def as_claimed(one: Claimed) -> tuple[ColumnElement[bool], ...]:
    """What a compare-and-set compares with."""
    return delivery.c.id == one.id, delivery.c.claims == one.claims, is_pending()


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


def is_pending() -> ColumnElement[bool]:
    """Written out, not bound: only so is the partial index used."""
    kind = delivery.c.state.type
    return delivery.c.state == bindparam(None, "pending", kind, literal_execute=True)
