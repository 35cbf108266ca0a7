"""Takes away what is not to be kept any longer: inputs, outputs, jobs, rows of the prediction log.

In small slices with rests between them, so that whoever writes to the database hardly waits. Blobs
that no row refers to any more are found as orphans.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from shared.container import Container
from shared.db.engine import reading, writing
from shared.domain.names import Keys
from shared.jobs import retention
from shared.jobs.retention import Ended, Payload
from shared.telemetry import counters

log = structlog.get_logger()

SLICE = 50
"""Rows of one transaction: 4 to 15 ms on SQLite, by the size of what goes."""

REST = 4
"""Between two slices so many times as long as the last one took."""

REST_MAX_SECONDS = 0.1
"""But no longer: who waits for the sweeper must not wait for a slow disk four times over."""

ROUND_SECONDS = 0.3
LOOK_SECONDS = 10.0
"""So often a sweeper looks, once it has found nothing."""

Step = Callable[[datetime], int]


class Retention:
    """One sweeper's share; `run` takes so many slices as fit in a part of its round."""

    def __init__(self, container: Container) -> None:
        self._engine = container.engine
        self._redis = container.redis
        self._clock = container.clock
        self._keys = Keys(container.settings.key_prefix)
        self._next_at = 0.0
        settings = container.settings
        steps: dict[str, tuple[Step, float]] = {
            "inputs": (self._clear_inputs, settings.retention_input_days),
            "outputs": (self._clear_outputs, settings.retention_output_days),
            "jobs": (self._remove_jobs, settings.retention_job_days),
            "log": (self._remove_logged, settings.retention_log_days),
        }
        self._steps = [
            (kind, step, timedelta(days=days)) for kind, (step, days) in steps.items() if days > 0
        ]

    def run(self) -> None:
        begun = self._clock.monotonic()
        if begun < self._next_at:
            return
        left = list(self._steps)
        while left and self._clock.monotonic() - begun < ROUND_SECONDS:
            left = [one for one in left if self._slice(*one)]
        if not left:
            self._next_at = self._clock.monotonic() + LOOK_SECONDS

    def _slice(self, kind: str, step: Step, kept: timedelta) -> bool:
        """Whether there may be more."""
        begun = self._clock.monotonic()
        found = step(self._clock.now() - kept)
        if found:
            counters.retention_removed.labels(kind).inc(found)
        took = self._clock.monotonic() - begun
        threading.Event().wait(min(REST * took, REST_MAX_SECONDS))
        return found >= SLICE

    def _clear_inputs(self, before: datetime) -> int:
        return self._clear(Payload.INPUT, before)

    def _clear_outputs(self, before: datetime) -> int:
        return self._clear(Payload.OUTPUT, before)

    def _clear(self, payload: Payload, before: datetime) -> int:
        with reading(self._engine) as connection:
            found = retention.uncleared(connection, payload, before, SLICE)
        if found:
            self._forget(found)
            with writing(self._engine) as connection:
                retention.clear(connection, payload, found)
        return len(found)

    def _remove_jobs(self, before: datetime) -> int:
        with reading(self._engine) as connection:
            found = retention.outdated(connection, before, SLICE)
        if found:
            self._forget(found)
            with writing(self._engine) as connection:
                retention.remove(connection, found)
        return len(found)

    def _remove_logged(self, before: datetime) -> int:
        with writing(self._engine) as connection:
            return retention.remove_logged(connection, before, SLICE)

    def _forget(self, jobs: Sequence[Ended]) -> None:
        """Snapshots go first: nobody is given a result that is about to go."""
        self._redis.delete(*(self._keys.snapshot(job_id) for _, job_id in jobs))
