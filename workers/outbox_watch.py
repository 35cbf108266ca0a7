"""Two steps of a sweep: rings where webhooks are due, and forgets those that are long finished."""

from datetime import timedelta

from shared.container import Container
from shared.db.engine import reading, writing
from shared.domain.names import DELIVER
from shared.telemetry import counters
from shared.webhooks import claims, outbox

FORGET_SECONDS = 60.0
"""So long after it has found nothing more to forget the sweeper looks again."""


class OutboxWatch:
    """One sweeper's view of the outbox; any number of them may work side by side."""

    def __init__(self, container: Container) -> None:
        self._engine = container.engine
        self._clock = container.clock
        self._backlogs = container.backlogs
        self._settings = container.settings
        self._forget_at = 0.0

    def run(self) -> None:
        """A retry has no timer of its own: what is due is found here, whoever forgot to ring."""
        now = self._clock.now()
        with reading(self._engine) as connection:
            since = claims.longest_due(connection, now)
        counters.oldest_webhook.set((now - since).total_seconds() if since else 0.0)
        if since:
            self._backlogs.ring([DELIVER])
        if self._clock.monotonic() >= self._forget_at:
            self._forget()

    def _forget(self) -> None:
        before = self._clock.now() - timedelta(seconds=self._settings.webhook_log_seconds)
        with writing(self._engine) as connection:
            forgotten = outbox.forget(connection, before, self._settings.sweep_slice)
        if forgotten < self._settings.sweep_slice:
            self._forget_at = self._clock.monotonic() + FORGET_SECONDS
