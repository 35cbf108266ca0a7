"""Tells the metrics how right the models were lately."""

from datetime import timedelta
from math import nan

from shared.container import Container
from shared.db.engine import reading
from shared.prediction_log.accuracy import recent_accuracy
from shared.telemetry import accuracy_gauges as gauges

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
        for row in rows:
            gauges.tell(
                row["model"],
                row["version"],
                accuracy=row["right"] / row["labels"] if row["labels"] else nan,
                error=row["absolute_error"] / row["values"] if row["values"] else nan,
                predictions=row["labels"] + row["values"],
            )
        now_told = {(row["model"], row["version"]) for row in rows}
        for model, version in self._told - now_told:  # nobody has said anything of these lately
            gauges.tell(model, version, accuracy=nan, error=nan, predictions=0)
        self._told = now_told
