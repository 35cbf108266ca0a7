"""How a job is followed to its end: every state that somebody wants to hear of, as it comes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from shared.domain import prediction
from shared.domain.prediction import Snapshot
from shared.errors import BusyError
from shared.jobs.reading import REREAD_SECONDS, Reader
from shared.jobs.waiting import Waiter

LOOK_SECONDS = 0.15
"""So often all stages that are followed are looked at: workers announce the end only, for an
announcement of every stage would be work for every job."""


class Follower:
    """Follows the jobs of one API process; used on its event loop only."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._stages = StageWatch(reader.snapshots)

    async def follow(self, tenant: str, job_id: str, *, stages: bool) -> AsyncIterator[Snapshot]:
        """The prediction now, again whenever it may have changed, and last at its end.

        With `stages` the ones before the end are met as well, unless they are shorter than a look.
        While nothing changes the same comes again, `REREAD_SECONDS` apart at the most. Raises
        NotFound, and BusyError for the first look only: later ones are tried again.
        """
        with self._reader.expecting(job_id) as waiter:
            found = await self._reader.get(tenant, job_id)
            with self._stages.telling(waiter, job_id) if stages else nullcontext():
                yield found
                while not found["terminal"]:
                    told = await waiter.news(REREAD_SECONDS)
                    found = prediction.decode(told) if told else await self._again(found)
                    yield found

    async def _again(self, found: Snapshot) -> Snapshot:
        try:
            return await self._reader.get(found["tenant"], found["id"])
        except BusyError:
            return found


class StageWatch:
    """Wakes who follows a job's stages: one look at Redis for all of them, none for nobody."""

    def __init__(self, look: Callable[[Sequence[str]], Awaitable[Sequence[bytes | None]]]) -> None:
        self._look = look
        self._followed: dict[Waiter, tuple[str, bytes]] = {}
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def telling(self, waiter: Waiter, job_id: str) -> Iterator[None]:
        """Tells `waiter` of every change while the block runs; the first one is how it stands."""
        self._followed[waiter] = job_id, b""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            del self._followed[waiter]

    async def _watch(self) -> None:
        while self._followed:
            await asyncio.sleep(LOOK_SECONDS)
            job_ids = list({job_id for job_id, _ in self._followed.values()})
            found = dict(zip(job_ids, await self._look(job_ids), strict=True))
            for waiter, (job_id, seen) in list(self._followed.items()):
                data = found.get(job_id)
                if data is not None and (state := prediction.state_of(data)) != seen:
                    self._followed[waiter] = job_id, state
                    waiter.wake(data.decode())
