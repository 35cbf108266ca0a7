"""How right a model was, of the predictions of which somebody has said what is true.

Classification: the share of right labels, and which label was taken for which. Regression: the
mean absolute error, and the mean error, whose sign tells whether it predicts too much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, case, func, select
from sqlalchemy.sql.selectable import Subquery

from shared.db.expressions import day_and_hour
from shared.prediction_log.table import feedback_table as feedback

NEWEST = 100_000
"""So many are looked at: 0.4 s."""

CONFUSED_MAX = 1000
"""Pairs of a true and a predicted label that are told of, the most frequent first."""


@dataclass(frozen=True, slots=True)
class Span:
    """Predictions of one tenant and model that ended within it; both moments belong to it."""

    tenant: str
    model: str
    version: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """`over_time` has a row for each version and span of time, oldest first; `confusion` one for
    each pair of labels. `looked_at` are those with feedback; at `NEWEST` there may be older ones.
    """

    over_time: Sequence[RowMapping]
    confusion: Sequence[RowMapping]
    looked_at: int


def accuracy(connection: Connection, span: Span, *, hourly: bool = False) -> Accuracy:
    """By day, or by hour; both in UTC."""
    of_span = _newest(*_bounds(span))
    at = day_and_hour(of_span.c.completed_at, hour=hourly).label("at")
    over_time = (
        select(at, of_span.c.version, *_measures(of_span))
        .group_by(at, of_span.c.version)
        .order_by(at, of_span.c.version)
    )
    confused = (of_span.c.label, of_span.c.predicted_label)
    confusion = (
        select(*confused, func.count().label("count"))
        .where(of_span.c.label.is_not(None), of_span.c.predicted_label.is_not(None))
        .group_by(*confused)
        .order_by(func.count().desc(), *confused)
        .limit(CONFUSED_MAX)
    )
    count = select(func.count()).select_from(of_span)
    return Accuracy(
        connection.execute(over_time).mappings().all(),
        connection.execute(confusion).mappings().all(),
        connection.execute(count).scalar_one(),
    )


def recent_accuracy(connection: Connection, now: datetime, within: timedelta) -> list[RowMapping]:
    """The measures of each model and version over all tenants, for a metric."""
    recent = _newest(feedback.c.completed_at >= now - within)
    by = (recent.c.model, recent.c.version)
    statement = select(*by, *_measures(recent)).group_by(*by)
    return list(connection.execute(statement).mappings())


def _bounds(span: Span) -> list[ColumnElement[bool]]:
    found = [feedback.c.tenant == span.tenant, feedback.c.model == span.model]
    if span.version is not None:
        found.append(feedback.c.version == span.version)
    if span.since is not None:
        found.append(feedback.c.completed_at >= span.since)
    if span.until is not None:
        found.append(feedback.c.completed_at <= span.until)
    return found


def _newest(*bounds: ColumnElement[bool]) -> Subquery:
    newest = select(feedback).where(*bounds).order_by(feedback.c.completed_at.desc())
    return newest.limit(NEWEST).subquery()


def _measures(of: Subquery) -> tuple[ColumnElement[Any], ...]:
    """`labels` were compared, `right` of them agree; so were `values`, with the sums of errors."""
    right = case((of.c.label == of.c.predicted_label, 1))
    compared = case((of.c.label.is_not(None) & of.c.predicted_label.is_not(None), 1))
    error = of.c.predicted_value - of.c.value
    return (
        func.count(compared).label("labels"),
        func.count(right).label("right"),
        func.count(error).label("values"),
        func.sum(func.abs(error)).label("absolute_error"),
        func.sum(error).label("error"),
    )
