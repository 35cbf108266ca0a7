"""What the prediction log tells of a model version in numbers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from shared.prediction_log.table import log_table

NEWEST = 10_000
"""So many log rows are looked at: the answer takes 10 ms, however long the log is."""

_REUSED = ("hit", "joined")


@dataclass(frozen=True, slots=True)
class Times:
    """How many predictions something is known of, and the sum of it in seconds."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of the newest predictions of one version; `runs` of the model is rounded.

    `reused` were answered by a result that was known or under way.
    """

    newest: datetime | None
    predictions: int
    runs: int
    succeeded: Times
    failed: Times
    reused: Times
    queue: Times
    preprocess: Times
    predict: Times


def statistics(connection: Connection, tenant: str, model: str, version: str) -> Statistics:
    """Of this tenant's newest `NEWEST` of the version."""
    log = log_table.c
    newest = (
        select(
            log.completed_at, log.status, log.cache, log.batch_size, log.total_time,
            log.queue_time, log.preprocess_time, log.predict_time,
        )
        .where(log.tenant == tenant, log.model == model, log.version == version)
        .order_by(log.completed_at.desc())
        .limit(NEWEST)
        .subquery()
    ).c  # fmt: skip
    succeeded, reused = newest.status == "succeeded", newest.cache.in_(_REUSED)
    row = connection.execute(
        select(
            func.max(newest.completed_at, type_=log.completed_at.type).label("newest"),
            func.count().label("predictions"),
            # Each of a batch of b rows is a b-th of its run.
            func.sum(case((newest.batch_size > 0, 1.0 / newest.batch_size))).label("runs"),
            func.count(case((succeeded, 1))).label("succeeded"),
            func.sum(case((succeeded, newest.total_time))).label("succeeded_seconds"),
            func.count(case((~succeeded, 1))).label("failed"),
            func.sum(case((~succeeded, newest.total_time))).label("failed_seconds"),
            func.count(case((reused, 1))).label("reused"),
            func.sum(case((reused, newest.total_time))).label("reused_seconds"),
            func.count(newest.queue_time).label("queue"),
            func.sum(newest.queue_time).label("queue_seconds"),
            func.count(newest.preprocess_time).label("preprocess"),
            func.sum(newest.preprocess_time).label("preprocess_seconds"),
            func.count(newest.predict_time).label("predict"),
            func.sum(newest.predict_time).label("predict_seconds"),
        )
    ).mappings().one()  # fmt: skip

    def times(name: str) -> Times:
        return Times(row[name], row[f"{name}_seconds"] or 0.0)

    return Statistics(
        newest=row["newest"],
        predictions=row["predictions"],
        runs=round(row["runs"] or 0),
        succeeded=times("succeeded"),
        failed=times("failed"),
        reused=times("reused"),
        queue=times("queue"),
        preprocess=times("preprocess"),
        predict=times("predict"),
    )
