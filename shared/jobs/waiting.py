"""Who waits for the end of which job, in one API process."""

import asyncio
from collections.abc import Mapping
from typing import Self


class Waiter:
    """One request that waits for a job's end while its block runs.

    `news` ends when something may have changed.
    """

    __slots__ = ("_future", "_job_id", "_of", "_told", "_woken")

    def __init__(self, of: "dict[str, set[Waiter]]", job_id: str) -> None:
        self._of = of
        self._job_id = job_id
        self._woken = False
        self._told: str | None = None
        self._future: asyncio.Future[None] | None = None

    def __enter__(self) -> Self:
        self._of.setdefault(self._job_id, set()).add(self)
        return self

    def __exit__(self, *_: object) -> None:
        others = self._of[self._job_id]
        others.discard(self)
        if not others:
            del self._of[self._job_id]

    async def news(self, seconds: float) -> str | None:
        """Returns once woken since the last call, or after `seconds`: with what was told since.

        A future and a timer: `asyncio.wait_for` makes a task of every wait.
        """
        if not self._woken:
            loop = asyncio.get_running_loop()
            self._future = loop.create_future()
            timer = loop.call_later(seconds, self.wake)
            try:
                await self._future
            finally:
                timer.cancel()
                self._future = None
        self._woken = False
        told, self._told = self._told, None
        return told

    def wake(self, told: str | None = None) -> None:
        self._woken = True
        self._told = told or self._told
        if self._future is not None and not self._future.done():
            self._future.set_result(None)


class Waiters:
    """Used on the event loop only."""

    def __init__(self) -> None:
        self._waiters: dict[str, set[Waiter]] = {}

    def expecting(self, job_id: str) -> Waiter:
        """A waiter for one job, to be used as a context manager."""
        return Waiter(self._waiters, job_id)

    def tell(self, ended: Mapping[str, str | None]) -> None:
        """Wakes who waits for one of these jobs, with its snapshot where that was sent along."""
        for job_id, snapshot in ended.items():
            for waiter in self._waiters.get(job_id, ()):
                waiter.wake(snapshot)

    def wake_all(self) -> None:
        self.tell(dict.fromkeys(self._waiters))
