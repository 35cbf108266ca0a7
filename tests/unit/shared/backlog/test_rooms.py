import asyncio
from typing import Any

import pytest
import redis

from shared.backlog.rooms import (
    COUNTED_EVERY_SECONDS,
    FULL_SECONDS,
    LONGEST_WAIT_SECONDS,
    UNKNOWN_WAIT_SECONDS,
    Count,
    Rooms,
)
from shared.clock import FakeClock
from shared.errors import Unavailable


class Counter:
    """Says what it is told to; raises it when that is an error."""

    def __init__(self) -> None:
        self.says: Count | Exception = Count(0)
        self.asked: list[str] = []

    async def __call__(self, name: str, _most: int) -> Count:
        self.asked.append(name)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


class Door:
    """Rooms of three, used one step after the other."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.counter = clock, Counter()
        self.rooms = Rooms(self.counter, clock)
        self.loop = asyncio.new_event_loop()

    def enter(self, times: int = 1, name: str = "wine", most: int = 3) -> list[bool]:
        """Which of them were let in."""

        async def one() -> bool:
            free = self.rooms.has_place(name, most)
            free = free or await self.rooms.wait_seconds(name, most) is None
            if free:
                self.rooms.enter(name)
            await asyncio.sleep(0)
            return free

        return [self.loop.run_until_complete(one()) for _ in range(times)]

    def arrive(self, times: int) -> None:
        for _ in range(times):
            self.rooms.arrive("wine")

    def counted(self, says: Count | Exception, seconds: float = COUNTED_EVERY_SECONDS) -> None:
        """Lets time pass until somebody who asks has it counted again."""
        self.counter.says = says
        self.clock.advance(seconds)
        self.wait()

    def wait(self, most: int = 3) -> float | None:
        async def ask() -> float | None:
            self.rooms.has_place("wine", most)
            await asyncio.sleep(0)
            return await self.rooms.wait_seconds("wine", most)

        return self.loop.run_until_complete(ask())


@pytest.fixture
def door(clock: FakeClock) -> Any:
    door = Door(clock)
    yield door
    door.loop.close()


def test_no_more_come_in_than_there_is_room_for(door: Door) -> None:
    assert door.enter(5) == [True, True, True, False, False]
    assert door.enter(1, "digits") == [True]


def test_who_waits_already_takes_a_place(door: Door) -> None:
    door.counted(Count(2))
    assert door.enter(2) == [True, False]


def test_it_is_counted_only_so_often(door: Door) -> None:
    door.enter(50, most=99)
    assert door.counter.asked == ["wine"]
    door.clock.advance(COUNTED_EVERY_SECONDS)
    door.enter(40, most=99)
    assert door.counter.asked == ["wine", "wine"]


def test_nobody_is_turned_away_by_an_old_count(door: Door) -> None:
    door.enter(3)
    door.arrive(3)
    assert door.enter(9) == [False] * 9
    assert len(door.counter.asked) == 1
    door.clock.advance(FULL_SECONDS)
    assert door.enter() == [True]
    assert len(door.counter.asked) == 2


def test_a_count_takes_the_place_of_what_was_let_in(door: Door) -> None:
    door.enter(3)
    door.arrive(3)
    assert door.enter() == [False]
    door.counted(Count(0))
    assert door.enter(4) == [True, True, True, False]


def test_who_is_under_way_is_not_counted_yet_and_takes_a_place(door: Door) -> None:
    door.enter(2)
    door.arrive(1)
    door.counted(Count(1))
    assert door.enter(2) == [True, False]


def test_who_does_not_stay_makes_room(door: Door) -> None:
    door.enter(3)
    door.rooms.leave("wine")
    door.rooms.leave("nowhere")
    assert door.enter(2) == [True, False]


@pytest.mark.parametrize(
    "error",
    [redis.ConnectionError("x"), TimeoutError(), Unavailable("x"), OSError(), ValueError("x")],
)
def test_who_cannot_be_counted_is_let_in(door: Door, error: Exception) -> None:
    door.counted(Count(3))
    assert door.enter() == [False]
    for _ in range(5):
        door.counted(error)
        assert door.enter() == [True]
        door.arrive(1)


def test_the_wait_is_not_known_before_it_was_counted_twice(door: Door) -> None:
    door.enter(3)
    assert door.wait() == UNKNOWN_WAIT_SECONDS


@pytest.mark.parametrize(
    ("counts", "seconds"),
    [
        # A tenth of 1000 is 100.
        ([Count(1100), Count(1000)], 1.0),
        ([Count(1020), Count(1000)], 5.0),
        ([Count(1000), Count(1000)], LONGEST_WAIT_SECONDS),
        ([Count(1000), Count(1001)], LONGEST_WAIT_SECONDS),
        # Others have let in 20 meanwhile, so as many have left.
        ([Count(1000, 5000), Count(1000, 5020)], 5.0),
        ([Count(5000), Count(1000)], 1.0),
    ],
)
def test_the_wait_is_until_a_tenth_has_left(
    door: Door, counts: list[Count], seconds: float
) -> None:
    for count in counts:
        door.counted(count, 1.0)
    assert door.wait(1000) == seconds


def test_how_fast_a_room_empties_is_smoothed(door: Door, clock: FakeClock) -> None:
    for count in (Count(1100), Count(1060), Count(1040)):  # 40, then 20 in a second
        door.counted(count, 1.0)
    assert door.wait(1000) == pytest.approx(100 / 30)


def test_what_this_process_let_in_and_is_not_counted_has_left(door: Door) -> None:
    door.counted(Count(900), 1.0)
    assert all(door.enter(100, most=1001))
    door.arrive(100)
    door.counted(Count(980), 1.0)
    door.enter(20, most=1000)
    assert door.wait(1000) == pytest.approx(100 / 20)
