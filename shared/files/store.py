"""The statements on the `file` table. All but those of the sweeper see one tenant's files only."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, tuple_

from shared.files.table import file_table as file
from shared.payloads import references


def add(connection: Connection, row: dict[str, Any]) -> None:
    connection.execute(insert(file).values(row))


def read(
    connection: Connection, tenant: str, file_ids: Collection[str], now: datetime
) -> Sequence[RowMapping]:
    """Those that there are, in no order."""
    found = select(file).where(
        file.c.id.in_(file_ids), file.c.tenant == tenant, file.c.expires_at > now
    )
    return connection.execute(found).mappings().all()


def page(
    connection: Connection,
    tenant: str,
    now: datetime,
    limit: int,
    before: tuple[datetime, str] | None = None,
) -> Sequence[RowMapping]:
    """Up to `limit` rows, newest first; `before` is (created_at, id) of the last one seen."""
    conditions = [file.c.tenant == tenant, file.c.expires_at > now]
    if before is not None:
        moment, file_id = before
        edge = tuple_(
            bindparam(None, moment, file.c.created_at.type),
            bindparam(None, file_id, file.c.id.type),
        )
        conditions.append(tuple_(file.c.created_at, file.c.id) < edge)
    newest_first = (file.c.created_at.desc(), file.c.id.desc())
    found = select(file).where(*conditions).order_by(*newest_first).limit(limit)
    return connection.execute(found).mappings().all()


def remove(connection: Connection, tenant: str, file_id: str, now: datetime) -> bool:
    """Whether it was there."""
    gone = delete(file).where(
        file.c.id == file_id, file.c.tenant == tenant, file.c.expires_at > now
    )
    return connection.execute(gone).rowcount > 0


def expired(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Ids of files of any tenant that nobody sees any more."""
    found = select(file.c.id).where(file.c.expires_at <= now).limit(limit)
    return list(connection.execute(found).scalars())


def remove_expired(connection: Connection, file_ids: Collection[str], now: datetime) -> None:
    connection.execute(delete(file).where(file.c.id.in_(file_ids), file.c.expires_at <= now))


def kept(connection: Connection, blobs: Collection[str]) -> set[str]:
    """Those of the references whose file has a row."""
    by_id = {file_id: one for one in blobs if (file_id := references.file_of(one)) is not None}
    if not by_id:
        return set()
    found = connection.execute(select(file.c.id).where(file.c.id.in_(by_id))).scalars()
    return {by_id[file_id] for file_id in found}
