"""Rooms of bounded size: how many are in each, and whether one more may come in.

Somebody who knows counts them, at most every half second and only while somebody asks; in between
those that this process let in are added. So a bound costs no command for each job. Several
processes may exceed it together by what they let in between two counts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import redis

from shared.clock import Clock
from shared.errors import BusyError
from shared.telemetry import counters

COUNTED_EVERY_SECONDS = 0.5

SHARE = 0.1
"""Whoever is turned away comes back when this part of the room has emptied."""

UNKNOWN_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 60.0


class Count(NamedTuple):
    """`inside` now; `entered` ever, through whatever process, where somebody keeps count of it."""

    inside: int
    entered: int | None = None


_NOBODY = Count(0)


@dataclass(slots=True)
class _Room:
    """`let_in` only grows, by the event loop; `arrived` and `left` only grow, by the submitter.

    Who is let in is under way until it has arrived, where it is counted, or has left.
    """

    counted: Count = _NOBODY
    counted_at: float | None = None
    asked_at: float | None = None
    let_in: int = 0
    arrived: int = 0
    left: int = 0
    before: int = 0  # how many had arrived when it was last counted
    emptied_per_second: float | None = None
    counting: "asyncio.Task[None] | None" = field(default=None, repr=False)

    @property
    def inside(self) -> int:
        return self.counted.inside + self.let_in - self.left - self.before


class Rooms:
    """`count` counts one room; while it cannot, everybody is let in."""

    def __init__(self, count: Callable[[str], Awaitable[Count]], clock: Clock) -> None:
        self._count = count
        self._clock = clock
        self._rooms: dict[str, _Room] = {}

    def wait_seconds(self, name: str, most: int) -> float | None:
        """None while there is room for one more; else when to come back. On the event loop."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = _Room()
        now = self._clock.monotonic()
        if room.asked_at is None or now - room.asked_at >= COUNTED_EVERY_SECONDS:
            room.asked_at = now
            if room.counting is None or room.counting.done():
                room.counting = asyncio.get_running_loop().create_task(self._recount(name, room))
        return None if room.inside < most else _wait(room.emptied_per_second, most)

    def enter(self, name: str) -> None:
        """After `wait_seconds`, on the event loop."""
        self._rooms[name].let_in += 1

    def arrive(self, name: str) -> None:
        """From now on whoever counts sees it; on the submitter's thread, as `leave`."""
        if name in self._rooms:
            self._rooms[name].arrived += 1

    def leave(self, name: str) -> None:
        """It entered, and does not stay after all."""
        if name in self._rooms:
            self._rooms[name].left += 1

    async def _recount(self, name: str, room: _Room) -> None:
        before, now = room.arrived, self._clock.monotonic()
        try:
            count = await self._count(name)
        except (redis.RedisError, BusyError, OSError, TimeoutError):
            counters.redis_failures.labels("count").inc()
            room.counted, room.counted_at, room.before = _NOBODY, None, before
            return
        if room.counted_at is not None and now > room.counted_at:
            entered = before - room.before
            if count.entered is not None and room.counted.entered is not None:
                entered = count.entered - room.counted.entered
            emptied = max(0, room.counted.inside + entered - count.inside)
            room.emptied_per_second = _smoothed(
                room.emptied_per_second, emptied / (now - room.counted_at)
            )
        room.counted, room.counted_at, room.before = count, now, before


def _smoothed(old: float | None, new: float) -> float:
    return new if old is None else (old + new) / 2


def _wait(emptied_per_second: float | None, most: int) -> float:
    if emptied_per_second is None:
        return UNKNOWN_WAIT_SECONDS
    share = max(1.0, most * SHARE)
    if emptied_per_second * LONGEST_WAIT_SECONDS <= share:
        return LONGEST_WAIT_SECONDS
    return max(1.0, share / emptied_per_second)
