"""Endpoints in trouble: URLs of a tenant that fail, and those that are called no more."""

from collections.abc import Collection
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import Connection, RowMapping, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.webhooks.schedule import DISABLED_AFTER
from shared.webhooks.table import endpoint_table as endpoint

GONE = "gone"
FAILING = "failing"


def endpoint_id(tenant: str, url: str) -> str:
    return blake2b(f"{tenant}\0{url}".encode(), digest_size=16).hexdigest()


def disabled(connection: Connection, ids: Collection[str]) -> dict[str, bool]:
    """Of those in trouble, whether they are disabled."""
    columns = (endpoint.c.id, endpoint.c.disabled_at)
    rows = connection.execute(select(*columns).where(endpoint.c.id.in_(sorted(ids))))
    return {one: disabled_at is not None for one, disabled_at in rows}


def recovered(connection: Connection, id: str) -> None:
    """It has answered well; one that is disabled stays so until it is enabled."""
    connection.execute(
        delete(endpoint).where(endpoint.c.id == id, endpoint.c.disabled_at.is_(None))
    )


def failed(connection: Connection, tenant: str, url: str, now: datetime, *, gone: bool) -> None:
    """Notes since when it fails; disables it when it said so, or when it has failed too long."""
    its_id = endpoint_id(tenant, url)
    since = connection.execute(
        select(endpoint.c.failing_since).where(endpoint.c.id == its_id)
    ).scalar()
    too_long = since is not None and now - since >= DISABLED_AFTER
    ends = gone or too_long
    row = {
        "id": its_id,
        "tenant": tenant,
        "url": url,
        "failing_since": since or now,
        "disabled_at": now if ends else None,
        "reason": (GONE if gone else FAILING) if ends else None,
    }
    dialect = {"postgresql": postgresql, "sqlite": sqlite}[connection.dialect.name]
    noted = dialect.insert(endpoint).values(row)
    changed = {
        name: func.coalesce(endpoint.c[name], noted.excluded[name])
        for name in ("disabled_at", "reason")
    }
    connection.execute(noted.on_conflict_do_update(index_elements=["id"], set_=changed))


def page(
    connection: Connection, tenant: str, limit: int, after_id: str | None = None
) -> list[RowMapping]:
    """A tenant's endpoints in trouble, in the order of their ids."""
    statement = select(endpoint).where(endpoint.c.tenant == tenant)
    if after_id is not None:
        statement = statement.where(endpoint.c.id > after_id)
    return list(connection.execute(statement.order_by(endpoint.c.id).limit(limit)).mappings())


def enable(connection: Connection, tenant: str, id: str) -> RowMapping | None:
    """Forgets its trouble; answers what there was."""
    its = (endpoint.c.tenant == tenant, endpoint.c.id == id)
    found = connection.execute(select(endpoint).where(*its)).mappings().first()
    connection.execute(delete(endpoint).where(*its))
    return found
