"""What turned out to be true of a prediction: the last that was said counts, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from shared.prediction_log.table import feedback_table as feedback
from shared.prediction_log.table import log_table as log

SAID = ("label", "value", "source", "comment")


@dataclass(frozen=True, slots=True)
class Truth:
    """`label` as `summary.as_label` writes it, or `value`; whence it is known, and a word on it."""

    job_id: str
    label: str | None = None
    value: float | None = None
    source: str | None = None
    comment: str | None = None


def give(
    connection: Connection, tenant: str, truths: Sequence[Truth], now: datetime
) -> dict[str, RowMapping]:
    """Writes down what is said of predictions of the log; answers the rows, of those that it holds.

    To say the same again changes nothing. Of several on one prediction the last counts.
    """
    said = {one.job_id: one for one in truths}
    # Locked in one order: two who speak of the same predictions wait, and do not deadlock.
    known = {row["job_id"]: row for row in _logged(connection, tenant, sorted(said))}
    before = given(connection, list(known))
    new = [_row(known[one], said[one], now) for one in known if one not in before]
    if new:
        connection.execute(insert(feedback), new)
    for job_id, row in before.items():
        told = {name: getattr(said[job_id], name) for name in SAID}
        if any(row[name] != value for name, value in told.items()):
            changes = {"given_at": now, "changes": row["changes"] + 1}
            its = update(feedback).where(feedback.c.job_id == job_id)
            connection.execute(its.values(told | changes))
    return given(connection, list(known))


def given(connection: Connection, job_ids: Sequence[str]) -> dict[str, RowMapping]:
    """What has been said of these predictions, of whatever tenant."""
    statement = select(feedback).where(feedback.c.job_id.in_(job_ids))
    return {row["job_id"]: row for row in connection.execute(statement).mappings()}


def _logged(connection: Connection, tenant: str, job_ids: Sequence[str]) -> Sequence[RowMapping]:
    columns = ("job_id", "tenant", "model", "version", "completed_at", "label", "value")
    statement = (
        select(*(log.c[name] for name in columns))
        .where(log.c.job_id.in_(job_ids), log.c.tenant == tenant)
        .order_by(log.c.job_id)
        .with_for_update()
    )
    return connection.execute(statement).mappings().all()


def _row(logged: RowMapping, truth: Truth, now: datetime) -> Mapping[str, Any]:
    copied = ("job_id", "tenant", "model", "version", "completed_at")
    return {name: logged[name] for name in copied} | {
        "predicted_label": logged["label"],
        "predicted_value": logged["value"],
        **{name: getattr(truth, name) for name in SAID},
        "given_at": now,
        "changes": 0,
    }
