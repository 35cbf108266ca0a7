"""Long work on the event loop: in slices between which others have their turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

SLICE_SECONDS = 0.002
"""So much longer others may have to wait for the loop."""


class Turns:
    """Of all long work of a process one piece has its turn; ten at once would be ten slices."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def mine(self) -> AsyncIterator["Slices"]:
        async with self._lock:
            yield Slices()


class Slices:
    """Tells when it is time to give way."""

    def __init__(self) -> None:
        self._until = perf_counter() + SLICE_SECONDS

    async def pause(self) -> None:
        """To be awaited between steps; lets the loop turn once a slice has passed."""
        if perf_counter() > self._until:
            await asyncio.sleep(0)
            self._until = perf_counter() + SLICE_SECONDS
