"""What a model answered over time: how often each label, or between which bounds its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, func, select

from shared.db.expressions import day_and_hour
from shared.prediction_log.accuracy import Span
from shared.prediction_log.table import log_table as log

NEWEST = 100_000
"""So many log rows are looked at: 0.4 s."""

GROUPS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Distribution:
    """`over_time` has a row for each version, label and span of time, oldest first.

    At `looked_at` = `NEWEST` there may be older ones.
    """

    over_time: Sequence[RowMapping]
    looked_at: int


def distribution(connection: Connection, span: Span, *, hourly: bool = False) -> Distribution:
    """Of what succeeded, by day or by hour, both in UTC; each row also with its mean score."""
    its = [log.c.tenant == span.tenant, log.c.model == span.model]
    if span.version is not None:
        its.append(log.c.version == span.version)
    if span.since is not None:
        its.append(log.c.completed_at >= span.since)
    if span.until is not None:
        its.append(log.c.completed_at <= span.until)
    columns = (
        log.c.completed_at, log.c.version, log.c.status, log.c.label, log.c.score, log.c.value,
    )  # fmt: skip
    newest = select(*columns).where(*its).order_by(log.c.completed_at.desc())
    seen = newest.limit(NEWEST).subquery()
    at = day_and_hour(seen.c.completed_at, hour=hourly).label("at")
    by = (at, seen.c.version, seen.c.label)
    over_time = (
        select(
            *by,
            func.count().label("count"),
            func.avg(seen.c.score).label("mean_score"),
            func.min(seen.c.value).label("min_value"),
            func.max(seen.c.value).label("max_value"),
            func.avg(seen.c.value).label("mean_value"),
        )
        .where(seen.c.status == "succeeded")
        .group_by(*by)
        .order_by(*by)
        .limit(GROUPS_MAX)
    )
    count = select(func.count()).select_from(seen)
    return Distribution(
        connection.execute(over_time).mappings().all(), connection.execute(count).scalar_one()
    )
