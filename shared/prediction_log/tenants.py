"""Whose predictions the log holds."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from shared.prediction_log.table import log_table as log


def tenants_of_log(connection: Connection) -> Iterator[str]:
    """One by one: each is a step in the index, however many rows they have."""
    ordered = select(log.c.tenant).order_by(log.c.tenant).limit(1)
    found = connection.execute(ordered).scalar()
    while found is not None:
        yield found
        found = connection.execute(ordered.where(log.c.tenant > found)).scalar()
