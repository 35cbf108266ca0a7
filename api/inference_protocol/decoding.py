"""Tensors are read on the event loop where they are small, and beside it where they are not."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request

from api.dependencies import services

LARGE_BYTES = 64 << 10
"""So much is read in about 2 ms; a thread costs a tenth of that, and whoever waits for it."""

Decoded = TypeVar("Decoded")


async def beside_the_loop(request: Request, size: int, work: Callable[[], Decoded]) -> Decoded:
    """What `work` answers, or raises; of large pieces one at a time for the whole process."""
    if size <= LARGE_BYTES:
        return work()
    async with services(request).turns.mine():
        return await asyncio.to_thread(work)
