"""The consumer of a worker process: Celery's own, with events sent in bulk."""

from functools import partial
from typing import Any

from celery.worker.consumer import Consumer

EVENTS_SECONDS = 0.5
"""So late Flower may hear of a task. Celery publishes at every turn of its loop, which cost a third
of a worker's time; every 0.1 s was still a sixth of it."""

EVENTS_AT_ONCE = 1000
"""So many are held until then. Celery's 24 are what eight tasks give."""


class BellConsumer(Consumer):  # type: ignore[misc] # Celery has no types
    """Consumes bells; see the setting `worker_consumer`."""

    _flush_is_due = False

    def ensure_connected(self, conn: Any) -> Any:
        """Tries again sooner than Celery would, which waits for half a minute in the end."""
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=0.5, interval_step=0.5, interval_max=3.0
        )
        return super().ensure_connected(conn)

    def on_send_event_buffered(self) -> None:
        if self.hub and not self._flush_is_due:
            self._flush_is_due = True
            self.event_dispatcher.buffer_limit = EVENTS_AT_ONCE
            self.hub.call_later(EVENTS_SECONDS, self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        self._flush_events()
