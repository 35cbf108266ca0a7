"""How a prediction is read: its snapshot in Redis, else its row; and how its end is awaited."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain
from typing import cast

import orjson
import redis
import structlog
from redis.asyncio import Redis as AsyncRedis
from sqlalchemy import Engine, RowMapping

from shared.backlog.breaker import Breaker
from shared.db.engine import reading
from shared.domain import prediction
from shared.domain.names import Keys
from shared.domain.prediction import Snapshot
from shared.domain.states import State
from shared.errors import Expired, NotFound
from shared.jobs import listing, store, views
from shared.jobs.just_accepted import JustAccepted
from shared.jobs.listing import Found, Page, Position
from shared.jobs.waiting import Waiter, Waiters
from shared.settings import Settings
from shared.telemetry import counters

log = structlog.get_logger()

_Asked = asyncio.Future[bytes | None]

REREAD_SECONDS = 2.0
"""A waiter reads again after this long, however silent the channel: a message may be lost."""

UNREAD_WAIT_SECONDS = 0.1
"""A wait of less begins by reading: it might end before it has read at all."""


class Reader:
    """Reads the predictions of one API process; used on its event loop only."""

    def __init__(
        self,
        engine: Engine,
        client: AsyncRedis,
        breaker: Breaker,
        settings: Settings,
    ) -> None:
        self._engine = engine
        self._redis = client
        self._breaker = breaker
        self._settings = settings
        self._keys = Keys(settings.key_prefix)
        self._waiters = Waiters()
        self._listens = False
        self.just_accepted = JustAccepted()
        self._asked: dict[str, list[_Asked]] = {}
        self._fetching = False
        self._leaving = False

    async def get(self, tenant: str, job_id: str) -> Snapshot:
        """The prediction as it stands; raises NotFound or BusyError."""
        data = await self._snapshot(job_id)
        if data is not None:
            snapshot = prediction.decode(data)
            if snapshot["tenant"] == tenant:
                return snapshot
        row = await asyncio.to_thread(self._row, tenant, job_id)
        return views.from_row(row, self._settings.echo_input_max_bytes)

    def expecting(self, job_id: str) -> Waiter:
        """A waiter for the job's end: register it, read, then wait, and no end is missed."""
        return self._waiters.expecting(job_id)

    async def wait(self, tenant: str, job_id: str, seconds: float) -> Snapshot:
        """The prediction once it is terminal, or as it stands after `seconds`, or at `leave`."""
        with self.expecting(job_id) as waiter:
            found = self._unended(tenant, job_id, seconds) or await self.get(tenant, job_id)
            return await self.end(found, waiter, seconds)

    async def end(self, found: Snapshot, waiter: Waiter, seconds: float) -> Snapshot:
        """The same for a prediction that was read after `waiter` had been registered."""
        until, tenant = asyncio.get_running_loop().time() + seconds, found["tenant"]
        while not found["terminal"]:
            left = until - asyncio.get_running_loop().time()
            if left <= 0 or self._leaving:
                break
            told = await waiter.news(min(left, REREAD_SECONDS))
            # What is told is terminal, and only that: SQL has it.
            found = prediction.decode(told) if told else await self.get(tenant, found["id"])
        return found

    def _unended(self, tenant: str, job_id: str, seconds: float) -> Snapshot | None:
        """Enough to begin a wait with, which reads before it ends without news."""
        if seconds < UNREAD_WAIT_SECONDS or self._leaving or not self._listens:
            return None
        return self.just_accepted.find(tenant, job_id)

    def leave(self) -> None:
        """Ends every wait as if its time were over: this process is about to stop."""
        self._leaving = True
        self._waiters.wake_all()

    async def snapshots(self, job_ids: Sequence[str]) -> list[bytes | None]:
        """What Redis holds of these jobs, of whatever tenant: one look, and no other source."""
        if self._breaker.is_open or not job_ids:
            return [None] * len(job_ids)
        return await self._mget(job_ids)

    async def input(self, tenant: str, job_id: str) -> tuple[bytes | None, str | None]:
        """The input as it was sent, or its blob reference; raises NotFound, Expired, BusyError."""
        row = await asyncio.to_thread(self._row, tenant, job_id)
        if row["input"] is None and row["input_ref"] is None:
            raise Expired("the input of this prediction was not to be kept any longer")
        return row["input"], row["input_ref"]

    async def output(self, tenant: str, job_id: str) -> tuple[bytes | None, str | None]:
        """The output, or its blob reference; neither where the job came to none.

        Raises NotFound, Expired and BusyError.
        """
        row = await asyncio.to_thread(self._row, tenant, job_id)
        found = row["output"], row["output_ref"]
        if row["status"] == State.SUCCEEDED and found == (None, None):
            raise Expired("the output of this prediction was not to be kept any longer")
        return found

    async def page(self, wanted: Page) -> tuple[list[Snapshot], Position | None]:
        """Jobs as SQL knows them; how far an unfinished one is, Redis says.

        The position is where a page goes on that looked at all it may, and is not full.
        """
        found = await asyncio.to_thread(self._page, wanted)
        return list(await asyncio.gather(*map(self._current, found.rows))), found.edge

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Wakes waiters as jobs finish, over one subscription for the whole process."""
        task = asyncio.create_task(self._listen_for_ever())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _current(self, row: RowMapping) -> Snapshot:
        if row["completed_at"] is None:
            data = await self._snapshot(row["id"])
            if data is not None:
                return prediction.decode(data)
        return views.from_row(row, self._settings.echo_input_max_bytes)

    async def _snapshot(self, job_id: str) -> bytes | None:
        """One look at Redis; all that are asked for while one MGET is under way share the next."""
        if self._breaker.is_open:
            return None
        loop = asyncio.get_running_loop()
        future: _Asked = loop.create_future()
        self._asked.setdefault(job_id, []).append(future)
        if not self._fetching:
            self._fetching = True
            task = loop.create_task(self._fetch())
            self._task = task  # a task that nobody holds may be collected
        return await future

    async def _fetch(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                try:
                    values = await self._mget(list(asked))
                except Exception as error:
                    for future in _still_waiting(chain(*asked.values())):
                        future.set_exception(error)
                    continue
                for futures, value in zip(asked.values(), values, strict=True):
                    for future in _still_waiting(futures):
                        future.set_result(value)
        finally:
            self._fetching = False

    async def _mget(self, job_ids: Sequence[str]) -> list[bytes | None]:
        try:
            async with asyncio.timeout(self._settings.redis_budget_seconds):
                keys = [self._keys.snapshot(one) for one in job_ids]
                return cast(list[bytes | None], await self._redis.mget(keys))
        except (redis.RedisError, TimeoutError, OSError) as error:
            self._breaker.trip()
            counters.redis_failures.labels("read").inc()
            log.warning("read_without_redis", error=type(error).__name__)
            return [None] * len(job_ids)

    def _row(self, tenant: str, job_id: str) -> RowMapping:
        with reading(self._engine) as connection:
            row = store.read(connection, tenant, job_id)
        if row is None:
            raise NotFound("there is no prediction with this id")
        return row

    def _page(self, wanted: Page) -> Found:
        with reading(self._engine) as connection:
            return listing.page(connection, wanted)

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except (redis.RedisError, OSError) as error:
                log.warning("subscription_lost", error=type(error).__name__)
            except Exception:  # without it nobody would be woken any more, and nobody told
                log.exception("subscription_failed")
            self._listens = False
            self._waiters.wake_all()
            await asyncio.sleep(1)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as channel:
            await channel.subscribe(self._keys.done)
            self.just_accepted.clear()  # of the end of these something may have been missed
            self._listens = True
            self._waiters.wake_all()
            while True:
                message = await channel.get_message(ignore_subscribe_messages=True, timeout=5)
                if message is None:
                    await channel.ping()  # a dead connection fails here, a living one pongs
                elif message["type"] == "message":
                    ended = orjson.loads(message["data"])
                    self.just_accepted.forget(ended)
                    self._waiters.tell(ended)


def _still_waiting(futures: Iterable[_Asked]) -> Iterator[_Asked]:
    """Without those of requests that have gone."""
    return (future for future in futures if not future.done())
