"""Rooms of bounded size: how many are in each, and whether one more may come in.

Somebody who knows counts them, at most every half second and only while somebody asks; in between
those that this process let in are added. So a bound costs no command for each job, and several
processes may exceed it together by what they let in between two counts. Nobody is turned away by
an old count: where a room seems full it is counted again first.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import redis
import structlog

from shared.clock import Clock
from shared.errors import BusyError
from shared.telemetry import counters

log = structlog.get_logger()

COUNTED_EVERY_SECONDS = 0.5
FULL_SECONDS = 0.05
"""So long a count turns others away."""

SHARE = 0.1
"""Whoever is turned away comes back when this part of the room has emptied."""

UNKNOWN_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 60.0


class Count(NamedTuple):
    """`inside` now; `entered` ever, through whatever process, where somebody keeps count of it."""

    inside: int
    entered: int | None = None


@dataclass(frozen=True, slots=True)
class _Counted:
    """`arrived` is how many of this process had arrived by then."""

    count: Count = Count(0)  # noqa: RUF009 - a tuple
    arrived: int = 0
    at: float = float("-inf")


@dataclass(slots=True)
class _Room:
    """`let_in` is the event loop's; `arrived` and `left` only grow, by the submitter.

    Who is let in is under way until it has arrived, where it is counted, or has left.
    """

    let_in: int = 0
    arrived: int = 0
    left: int = 0
    last: _Counted = field(default_factory=_Counted)
    paced: _Counted | None = None  # since then the pace is measured
    emptied_per_second: float | None = None
    counting: "asyncio.Task[None] | None" = field(default=None, repr=False)

    @property
    def inside(self) -> int:
        return self.last.count.inside + self.let_in - self.left - self.last.arrived


class Rooms:
    """`count` counts one room, up to some number; while it cannot, everybody is let in."""

    def __init__(self, count: Callable[[str, int], Awaitable[Count]], clock: Clock) -> None:
        self._count = count
        self._clock = clock
        self._rooms: dict[str, _Room] = {}

    def has_place(self, name: str, most: int) -> bool:
        """As far as is known; on the event loop."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = _Room()
        if self._clock.monotonic() - room.last.at >= COUNTED_EVERY_SECONDS:
            self._recounting(name, room, most)
        return room.inside < most

    async def wait_seconds(self, name: str, most: int) -> float | None:
        """None where there is a place after all; else when to come back."""
        room = self._rooms[name]
        if self._clock.monotonic() - room.last.at >= FULL_SECONDS:
            await asyncio.shield(self._recounting(name, room, most))
        return None if room.inside < most else _wait(room.emptied_per_second, most)

    def enter(self, name: str) -> None:
        """Behind one of the two above, without a pause between; on the event loop."""
        self._rooms[name].let_in += 1

    def turn_back(self, name: str) -> None:
        """It has entered, and goes no further; on the event loop."""
        self._rooms[name].let_in -= 1

    def arrive(self, name: str) -> None:
        """From now on whoever counts sees it; on the submitter's thread, as `leave`."""
        if name in self._rooms:
            self._rooms[name].arrived += 1

    def leave(self, name: str) -> None:
        """It entered, and does not stay after all."""
        if name in self._rooms:
            self._rooms[name].left += 1

    def _recounting(self, name: str, room: _Room, most: int) -> "asyncio.Task[None]":
        """All that ask meanwhile share one count."""
        if room.counting is None or room.counting.done():
            room.counting = asyncio.create_task(self._recount(name, room, most))
        return room.counting

    async def _recount(self, name: str, room: _Room, most: int) -> None:
        arrived, now = room.arrived, self._clock.monotonic()
        try:
            count = await self._count(name, most)
        except Exception as error:  # whatever it is: who is counted no more must not stand outside
            if not isinstance(error, redis.RedisError | BusyError | OSError):
                log.exception("room_not_counted", room=name)
            counters.redis_failures.labels("count").inc()
            room.last, room.paced = _Counted(Count(0), arrived, now), None
            return
        room.last = _Counted(count, arrived, now)
        _measure_pace(room)


def _measure_pace(room: _Room) -> None:
    """From counts that are at least half a second apart; smoothed."""
    then, now = room.paced, room.last
    if then is None:
        room.paced = now
        return
    seconds = now.at - then.at
    if seconds < COUNTED_EVERY_SECONDS:
        return
    entered = now.arrived - then.arrived
    if now.count.entered is not None and then.count.entered is not None:
        entered = now.count.entered - then.count.entered
    emptied = max(0, then.count.inside + entered - now.count.inside) / seconds
    before = room.emptied_per_second
    room.emptied_per_second = emptied if before is None else (before + emptied) / 2
    room.paced = now


def _wait(emptied_per_second: float | None, most: int) -> float:
    if emptied_per_second is None:
        return UNKNOWN_WAIT_SECONDS
    share = max(1.0, most * SHARE)
    if emptied_per_second * LONGEST_WAIT_SECONDS <= share:
        return LONGEST_WAIT_SECONDS
    return max(1.0, share / emptied_per_second)
