"""How a job is canceled: compare-and-set in SQL, then its snapshot; its fence does the rest."""

from collections.abc import Mapping

import redis
import structlog
from sqlalchemy import Engine

from shared.backlog.backlogs import Backlogs
from shared.clock import Clock
from shared.db.engine import writing
from shared.domain.outcome import Outcome
from shared.domain.prediction import Snapshot
from shared.domain.states import State
from shared.errors import NotFound
from shared.jobs import lifecycle, store, views
from shared.jobs.last_joiners import follow_all
from shared.jobs.lifecycle import End
from shared.jobs.shown_later import ShownLater
from shared.settings import Settings
from shared.telemetry import counters
from shared.webhooks import bell

log = structlog.get_logger()


class Canceler:
    """Cancels jobs; blocking, to be called off the event loop."""

    def __init__(
        self, engine: Engine, backlogs: Backlogs, clock: Clock, settings: Settings
    ) -> None:
        self._engine = engine
        self._backlogs = backlogs
        self._clock = clock
        self._settings = settings
        self._later = ShownLater(backlogs)

    def cancel(self, tenant: str, job_id: str) -> Snapshot:
        """The prediction after it; one that had ended stays as it was. Raises NotFound, BusyError.

        Where Redis cannot be reached, the cancel holds all the same, and it hears of it later: an
        outcome that comes meanwhile meets a terminal row.
        """
        with writing(self._engine) as connection:
            if store.read(connection, tenant, job_id) is None:
                raise NotFound("there is no prediction with this id")
            end = End(job_id, None, Outcome(State.CANCELED))
            finished = lifecycle.finish(connection, [end], self._clock.now())
            row = store.read_many(connection, [job_id])[0]
        follow_all(self._engine, finished, self._clock.now())
        snapshot = views.from_row(row, self._settings.echo_input_max_bytes)
        if finished.recorded:
            counters.jobs_finished.labels(row["model"], State.CANCELED.value).inc()
            self._show(snapshot, finished.hashes)
        if finished.calls_back:
            bell.ring(self._backlogs)
        return snapshot

    def _show(self, snapshot: Snapshot, hashes: Mapping[str, str]) -> None:
        try:
            self._backlogs.leave([snapshot], hashes)
        except redis.RedisError as error:
            counters.redis_failures.labels("cancel").inc()
            log.warning("canceled_without_redis", error=type(error).__name__)
            self._later.add(snapshot, hashes)
