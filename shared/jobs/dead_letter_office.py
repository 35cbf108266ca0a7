"""What becomes of dead letters: they are looked at, sent again, or thrown away."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import redis
from sqlalchemy import Connection, Engine, RowMapping

from shared.clock import Clock
from shared.db.engine import reading, writing
from shared.domain.names import Keys
from shared.domain.prediction import Snapshot
from shared.errors import Expired, NotFound
from shared.jobs import dead_letters, retention, store, views
from shared.jobs.dead_letters import Found, Position, Wanted
from shared.settings import Settings

SLICE = 100
"""Letters in one transaction, which others wait for on SQLite."""

AT_ONCE_MAX = 1000


class Done(NamedTuple):
    """How many letters something was done to, and whether the same call may find others."""

    letters: int
    more: bool


class DeadLetterOffice:
    """Blocking; every method raises BusyError, and NotFound for what is no letter of the tenant.

    Without Redis a purged job may be read there until its snapshot expires.
    """

    def __init__(
        self, engine: Engine, clock: Clock, settings: Settings, client: redis.Redis | None
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._settings = settings
        self._redis = client
        self._keys = Keys(settings.key_prefix)

    def page(self, wanted: Wanted, limit: int, before: Position | None = None) -> Found:
        with reading(self._engine) as connection:
            return dead_letters.page(connection, wanted, limit, before)

    def get(self, tenant: str, job_id: str) -> RowMapping:
        with reading(self._engine) as connection:
            return _read(connection, tenant, job_id)

    def retry(self, tenant: str, job_id: str) -> Snapshot:
        """The new job, or the one that an earlier call made. Raises Expired without an input."""
        with writing(self._engine) as connection:
            _read(connection, tenant, job_id)
            made = dead_letters.retry(connection, [job_id], self._clock.now())
            if not made:
                raise Expired("the input of this prediction was not to be kept any longer")
            row = store.read_many(connection, list(made.values()))[0]
        return views.from_row(row, self._settings.echo_input_max_bytes)

    def retry_all(self, wanted: Wanted, limit: int = AT_ONCE_MAX) -> Done:
        """Retries up to `limit` letters that have an input and were not retried yet."""

        def again(connection: Connection, rows: Sequence[RowMapping]) -> int:
            job_ids = [row["id"] for row in rows]
            return len(dead_letters.retry(connection, job_ids, self._clock.now()))

        return self._all(replace(wanted, retried=False), limit, again)

    def purge(self, tenant: str, job_id: str) -> None:
        """Removes the job as retention would, today: only the prediction log knows of it then."""
        with writing(self._engine) as connection:
            removed = self._remove(connection, [_read(connection, tenant, job_id)])
        self._forget(removed)

    def purge_all(self, wanted: Wanted, limit: int = AT_ONCE_MAX) -> Done:
        """The same for up to `limit` letters."""
        removed: list[str] = []

        def remove(connection: Connection, rows: Sequence[RowMapping]) -> int:
            removed.extend(self._remove(connection, rows))
            return len(rows)

        try:
            return self._all(wanted, limit, remove)
        finally:
            self._forget(removed)

    def _all(
        self,
        wanted: Wanted,
        limit: int,
        act: Callable[[Connection, Sequence[RowMapping]], int],
    ) -> Done:
        done, edge = 0, None
        for found in self._slices(wanted, limit):
            with writing(self._engine) as connection:
                done += act(connection, found.rows)
            edge = found.edge
        return Done(done, done > 0 and edge is not None)

    def _slices(self, wanted: Wanted, limit: int) -> Iterator[Found]:
        left, edge = limit, None
        while left > 0:
            found = self.page(wanted, min(left, SLICE), edge)
            yield found
            left, edge = left - len(found.rows), found.edge
            if edge is None:
                return

    def _remove(self, connection: Connection, rows: Sequence[RowMapping]) -> list[str]:
        retention.remove(connection, [(row["completed_at"], row["id"]) for row in rows])
        return [row["id"] for row in rows]

    def _forget(self, job_ids: Sequence[str]) -> None:
        if self._redis is not None and job_ids:
            with suppress(redis.RedisError):
                self._redis.delete(*map(self._keys.snapshot, job_ids))


def _read(connection: Connection, tenant: str, job_id: str) -> RowMapping:
    row = dead_letters.read(connection, tenant, job_id)
    if row is None:
        raise NotFound("there is no dead letter with this id")
    return row
