"""Removes uploaded files whose time is over. No job needs them: their content is its input."""

from shared.container import Container
from shared.db.engine import reading, writing
from shared.files import store
from shared.payloads import references
from shared.telemetry import counters

LOOK_SECONDS = 10.0
"""So often a sweeper looks, once it has found none."""


class ExpiredFiles:
    """One sweeper's share; `run` removes one slice."""

    def __init__(self, container: Container) -> None:
        self._slice = container.settings.sweep_slice
        self._engine = container.engine
        self._blobs = container.blobs
        self._clock = container.clock
        self._next_at = 0.0

    def run(self) -> None:
        if self._clock.monotonic() < self._next_at:
            return
        now = self._clock.now()
        with reading(self._engine) as connection:
            expired = store.expired(connection, now, self._slice)
        if expired:
            with writing(self._engine) as connection:
                store.remove_expired(connection, expired, now)
            # The rows first: a blob without its row is found as an orphan, a row would stay.
            self._blobs.delete(*map(references.of_file, expired))
            counters.retention_removed.labels("remove_files").inc(len(expired))
        if len(expired) < self._slice:
            self._next_at = self._clock.monotonic() + LOOK_SECONDS
