"""Claims: deliveries that are due and find room are taken for one attempt, each tenant in its turn.

Every function works inside the caller's transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import CTE, Connection, Select, bindparam, func, select, update

from shared.db.columns import UtcDateTime
from shared.webhooks import endpoints
from shared.webhooks.events import RETRIED, Event
from shared.webhooks.outbox import Claimed, is_pending
from shared.webhooks.schedule import pause_seconds
from shared.webhooks.table import delivery_table as delivery

SLICE = 128
SLICES_MAX = 8
"""So often one claim passes over a tenant's deliveries to busy hosts to find those to others."""

TENANTS_AT_ONCE = 32
"""Of one claim, so that it is done in some milliseconds; the others have their turn in the next."""

CUT_OFF = "cut_off"
"""Whoever sent it died while doing so, and there is no further attempt."""


class Rooms(Protocol):
    """How much may be under way, by tenant and host."""

    def in_turn(self, tenants: Iterable[str]) -> list[str]: ...

    def is_full(self, tenant: str) -> bool: ...

    def full_hosts(self, tenant: str) -> list[str]: ...

    def take(self, tenant: str, host: str) -> bool: ...


# Made once: to make a statement costs as much as to execute it.
_CLAIM = (
    update(delivery)
    .where(delivery.c.id == bindparam("claimed"))
    .values(
        due_at=bindparam("until"), claims=delivery.c.claims + 1, failures=delivery.c.failures + 1
    )
)
_ID = select(delivery.c.id)
_COLUMNS = (
    delivery.c.id, delivery.c.tenant, delivery.c.job_id, delivery.c.event, delivery.c.url,
    delivery.c.host, delivery.c.endpoint, delivery.c.claims, delivery.c.failures,
    delivery.c.created_at,
)  # fmt: skip


def is_due(connection: Connection, now: datetime, rooms: Rooms) -> bool:
    """Whether a delivery waits to be sent that finds room."""
    return any(
        connection.execute(_due(_ID, one, now, rooms.full_hosts(one)).limit(1)).first()
        for one in connection.execute(_TENANTS, {"now": now}).scalars().all()
        if not rooms.is_full(one)
    )


def longest_due(connection: Connection, now: datetime) -> datetime | None:
    """Since when the delivery that is longest due has been so; None: none is due."""
    since: datetime | None = connection.execute(_LONGEST, {"now": now}).scalar()
    return since


def claim(
    connection: Connection, now: datetime, lease_seconds: float, rooms: Rooms
) -> list[Claimed]:
    """Those that are due and find room: of each tenant in its turn, the longest due first.

    An attempt counts from here on: what is claimed is due again after its lease and its pause,
    unless it is settled, so that a delivery which kills whoever sends it comes to its end too.
    Deliveries of a disabled endpoint fail here.
    """
    tenants = rooms.in_turn(connection.execute(_TENANTS, {"now": now}).scalars())
    found = [
        row
        for tenant in tenants[:TENANTS_AT_ONCE]
        for row in _of_tenant(connection, tenant, now, rooms)
    ]
    return _claimed(connection, found, now, lease_seconds)


def _of_tenant(connection: Connection, tenant: str, now: datetime, rooms: Rooms) -> list[Any]:
    """Its rows that have taken room."""
    passed_over = set(rooms.full_hosts(tenant))
    found: dict[str, Any] = {}
    for _ in range(SLICES_MAX):
        if rooms.is_full(tenant):
            break
        most = SLICE + len(found)
        rows = _slice(connection, tenant, now, passed_over, most)
        for row in rows:
            if row["id"] in found:
                continue
            if row["host"] not in passed_over and rooms.take(tenant, row["host"]):
                found[row["id"]] = row
            else:
                passed_over.add(row["host"])
        if len(rows) < most:
            break
    return list(found.values())


def _slice(
    connection: Connection, tenant: str, now: datetime, full: Collection[str], most: int
) -> Sequence[Any]:
    statement = _due(select(*_COLUMNS), tenant, now, full).order_by(delivery.c.due_at)
    locked = statement.limit(most).with_for_update(skip_locked=True)
    return connection.execute(locked).mappings().all()


def _claimed(
    connection: Connection, rows: Sequence[Any], now: datetime, lease_seconds: float
) -> list[Claimed]:
    if not rows:
        return []
    disabled = endpoints.disabled(connection, {row["endpoint"] for row in rows})
    refused = [row["id"] for row in rows if disabled.get(row["endpoint"])]
    _end(connection, refused, "endpoint_disabled", now)
    left = [row for row in rows if not disabled.get(row["endpoint"])]
    spent = [row["id"] for row in left if _is_spent(row)]
    _end(connection, spent, CUT_OFF, now)
    going = [row for row in left if not _is_spent(row)]
    if going:
        claims = [{"claimed": row["id"], "until": _until(row, now, lease_seconds)} for row in going]
        connection.execute(_CLAIM, claims)
    return [
        Claimed(
            **row
            | {
                "event": Event(row["event"]),
                "claims": row["claims"] + 1,
                "failures": row["failures"] + 1,
            },
            in_trouble=row["endpoint"] in disabled,
        )
        for row in map(dict, going)
    ]


def _end(connection: Connection, ids: Sequence[str], error: str, now: datetime) -> None:
    if ids:
        failed = {"state": "failed", "error": error, "finished_at": now}
        connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(failed))


def _is_spent(row: Any) -> bool:
    """Whether its last attempt was made, and nobody lived to tell."""
    return row["failures"] > 0 and _pause(row, row["failures"]) is None


def _until(row: Any, now: datetime, lease_seconds: float) -> datetime:
    """When it is tried again, should nobody live to tell how this attempt went."""
    pause = _pause(row, row["failures"] + 1) or 0.0
    return now + timedelta(seconds=max(lease_seconds, pause))


def _pause(row: Any, failures: int) -> float | None:
    return pause_seconds(failures) if row["event"] in RETRIED else None


def _due(statement: Any, tenant: str, now: datetime, full: Collection[str]) -> Any:
    due = statement.where(is_pending(), delivery.c.tenant == tenant, delivery.c.due_at <= now)
    return due.where(delivery.c.host.not_in(sorted(full))) if full else due


def _waiting() -> CTE:
    """Tenants who have a delivery: from one to the next in the index, however many each has."""
    first = select(func.min(delivery.c.tenant).label("tenant")).where(is_pending())
    waiting = first.cte("waiting", recursive=True)
    following = (
        select(func.min(delivery.c.tenant))
        .where(is_pending(), delivery.c.tenant > waiting.c.tenant)
        .scalar_subquery()
    )
    return waiting.union_all(select(following).where(waiting.c.tenant.is_not(None)))


def _due_of(waiting: CTE, what: Any) -> Select[Any]:
    now = bindparam("now", type_=UtcDateTime())
    its = delivery.c.tenant == waiting.c.tenant
    return select(what).where(is_pending(), its, delivery.c.due_at <= now)


_WAITING = _waiting()
_TENANTS = select(_WAITING.c.tenant).where(_due_of(_WAITING, delivery.c.id).exists())
_LONGEST = select(
    func.min(_due_of(_WAITING, func.min(delivery.c.due_at)).scalar_subquery())
).select_from(_WAITING)
