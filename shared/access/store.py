"""The statements on keys and on what tenants may use."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, or_, select
from sqlalchemy import insert as insert_into
from sqlalchemy import update as update_of
from sqlalchemy.dialects import postgresql, sqlite

from shared.access.keys import NewKey
from shared.access.principal import Scope
from shared.access.table import key_table, limits_table

LAST_USED_AFTER = timedelta(minutes=10)
"""`last_used_at` is so coarse: a key in use costs one write in this time."""

_BOUNDS = ("requests_per_second", "jobs_in_flight", "bytes_per_day")


def insert(
    connection: Connection,
    key: NewKey,
    *,
    tenant: str,
    name: str,
    scopes: Sequence[Scope],
    now: datetime,
    expires_at: datetime | None,
) -> None:
    values = {
        "id": key.id,
        "tenant": tenant,
        "name": name,
        "digest": key.digest,
        "scopes": " ".join(scopes),
        "created_at": now,
        "expires_at": expires_at,
    }
    connection.execute(insert_into(key_table).values(values))


def read(connection: Connection, key_id: str) -> RowMapping | None:
    """The key with the columns of its tenant's limits, whatever its state."""
    bounds = [limits_table.c[name] for name in _BOUNDS]
    joined = key_table.outerjoin(limits_table, key_table.c.tenant == limits_table.c.tenant)
    statement = select(key_table, *bounds).select_from(joined).where(key_table.c.id == key_id)
    return connection.execute(statement).mappings().first()


def read_all(connection: Connection, tenant: str | None = None) -> Sequence[RowMapping]:
    """Every key, or every one of a tenant, oldest first."""
    statement = select(key_table).order_by(key_table.c.created_at, key_table.c.id)
    if tenant is not None:
        statement = statement.where(key_table.c.tenant == tenant)
    return connection.execute(statement).mappings().all()


def any_usable(connection: Connection, now: datetime) -> bool:
    """Whether there is a key that opens anything now."""
    return bool(connection.execute(select(exists().where(usable(now)))).scalar())


def revoke(connection: Connection, key_id: str, now: datetime) -> bool:
    """Whether there was such a key, and it was not revoked before."""
    statement = update_of(key_table).where(
        key_table.c.id == key_id, key_table.c.revoked_at.is_(None)
    )
    return bool(connection.execute(statement.values(revoked_at=now)).rowcount)


def expire(connection: Connection, key_id: str, at: datetime) -> None:
    """Lets a key end at that moment, unless it ends sooner anyway."""
    later = or_(key_table.c.expires_at.is_(None), key_table.c.expires_at > at)
    statement = update_of(key_table).where(key_table.c.id == key_id, later)
    connection.execute(statement.values(expires_at=at))


def note_use(connection: Connection, key_id: str, now: datetime) -> None:
    statement = update_of(key_table).where(key_table.c.id == key_id)
    connection.execute(statement.values(last_used_at=now))


def limit(connection: Connection, tenant: str, bounds: dict[str, int | None]) -> None:
    """Sets those of a tenant's limits that are named; None: as the settings say."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(limits_table).values(tenant=tenant, **bounds)
    connection.execute(statement.on_conflict_do_update(index_elements=["tenant"], set_=bounds))


def read_limits(connection: Connection) -> Sequence[RowMapping]:
    """Every tenant that has limits of its own, by name."""
    statement = select(limits_table).order_by(limits_table.c.tenant)
    return connection.execute(statement).mappings().all()


def usable(now: datetime) -> ColumnElement[bool]:
    """Neither revoked nor expired."""
    lasting = or_(key_table.c.expires_at.is_(None), key_table.c.expires_at > now)
    return and_(key_table.c.revoked_at.is_(None), lasting)
