"""The newest rows of the prediction log, narrow: what the overview counts."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from shared.prediction_log.table import log_table

NEWEST = 1000
"""Of one version so many rows are looked at: 10 ms, however long the log is."""


class Ended(NamedTuple):
    """One job's end; `seconds` is from its submit on."""

    at: datetime
    seconds: float
    status: str
    cache: str


class Recent(NamedTuple):
    """A version's jobs that ended since some moment, newest first.

    `whole_since` is later than that moment where there were more than are looked at.
    """

    model: str
    version: str
    ended: list[Ended]
    whole_since: datetime


def recent(
    connection: Connection, tenant: str, versions: Iterable[tuple[str, str]], since: datetime
) -> list[Recent]:
    """The newest `NEWEST` of this tenant of each (model, version)."""
    return [_of_version(connection, tenant, *one, since) for one in versions]


def _of_version(
    connection: Connection, tenant: str, model: str, version: str, since: datetime
) -> Recent:
    log = log_table.c
    its = (log.tenant == tenant, log.model == model, log.version == version)
    rows = connection.execute(
        select(log.completed_at, log.total_time, log.status, log.cache)
        .where(*its, log.completed_at >= since)
        .order_by(log.completed_at.desc())
        .limit(NEWEST)
    ).all()
    ended = [Ended(*row) for row in rows]
    return Recent(model, version, ended, ended[-1].at if len(ended) == NEWEST else since)
