"""When requests are due in an open loop: evenly spaced, whatever became of those before."""

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter

ROUNDING_SECONDS = 0.0005
"""uvloop rounds to whole milliseconds, and counts from the start of its turn: ask once more."""


async def arrivals(count: int, per_second: float) -> AsyncIterator[tuple[int, float]]:
    """Yields (number, when it was due) as soon as each is due; late ones follow at once."""
    begun = perf_counter()
    for number in range(count):
        due = begun + number / per_second
        while (wait := due - perf_counter()) > 0:  # noqa: ASYNC110 - time is no event
            await asyncio.sleep(wait + ROUNDING_SECONDS)
        yield number, due
