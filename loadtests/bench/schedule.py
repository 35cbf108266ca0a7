"""When requests are due in an open loop: evenly spaced, whatever became of those before."""

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter


async def arrivals(count: int, per_second: float) -> AsyncIterator[tuple[int, float]]:
    """Yields (number, when it was due) as soon as each is due; late ones follow at once."""
    begun = perf_counter()
    for number in range(count):
        due = begun + number / per_second
        wait = due - perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        yield number, due
