"""The consumer of a worker process: Celery's own, with events sent in bulk."""

from celery.worker.consumer import Consumer

EVENTS_SECONDS = 0.1
"""So late Flower may hear of a task. Celery publishes at every turn of its loop, which cost a third
of a worker's time."""


class BellConsumer(Consumer):  # type: ignore[misc] # Celery has no types
    """Consumes bells; see the setting `worker_consumer`."""

    _flush_is_due = False

    def on_send_event_buffered(self) -> None:
        if self.hub and not self._flush_is_due:
            self._flush_is_due = True
            self.hub.call_later(EVENTS_SECONDS, self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        self._flush_events()
