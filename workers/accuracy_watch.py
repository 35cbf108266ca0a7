"""Tells the metrics how right the models were lately."""

from datetime import timedelta
from math import nan

from sqlalchemy import RowMapping

from shared.container import Container
from shared.db.engine import reading
from shared.prediction_log.accuracy import recent_accuracy
from shared.telemetry import counters

LOOK_SECONDS = 60.0
WITHIN = timedelta(days=1)
"""Predictions that ended within so long count."""


class AccuracyWatch:
    """One sweeper's share: several tell the same."""

    def __init__(self, container: Container) -> None:
        self._engine = container.engine
        self._clock = container.clock
        self._next_at = 0.0
        self._told: set[tuple[str, str]] = set()

    def run(self) -> None:
        if self._clock.monotonic() < self._next_at:
            return
        self._next_at = self._clock.monotonic() + LOOK_SECONDS
        with reading(self._engine) as connection:
            rows = recent_accuracy(connection, self._clock.now(), WITHIN)
        found = {(row["model"], row["version"]): row for row in rows}
        for release in found.keys() | self._told:  # of some nobody has said anything lately
            _tell(release, found.get(release))
        self._told = set(found)


def _tell(release: tuple[str, str], row: RowMapping | None) -> None:
    """NaN where there is nothing to compare."""
    labels, values = (row["labels"], row["values"]) if row else (0, 0)
    accuracy = row["right"] / labels if row and labels else nan
    error = row["absolute_error"] / values if row and values else nan
    counters.model_accuracy.labels(*release).set(accuracy)
    counters.model_error.labels(*release).set(error)
    counters.model_feedback.labels(*release).set(labels + values)
