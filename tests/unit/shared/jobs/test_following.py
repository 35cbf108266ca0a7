import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest

from shared.domain import prediction
from shared.domain.names import Keys
from shared.domain.prediction import Snapshot
from shared.errors import NotFound, Unavailable
from shared.jobs import following
from shared.jobs.following import Follower, StageWatch
from shared.jobs.waiting import Waiter, Waiters

KEYS = Keys("queuecast:")


class FakeReader:
    """What SQL and Redis say of one job, and who waits for it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.waiters = Waiters()
        self.expecting = self.waiters.expecting
        self.snapshot: Snapshot | Exception = snapshot
        self.looks = 0

    async def get(self, _tenant: str, _job_id: str) -> Snapshot:
        if isinstance(self.snapshot, Exception):
            raise self.snapshot
        return self.snapshot

    async def snapshots(self, job_ids: Sequence[str]) -> list[bytes | None]:
        self.looks += 1
        if isinstance(self.snapshot, Exception):
            return [None] * len(job_ids)
        return [prediction.encode(self.snapshot)] * len(job_ids)


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(following, "REREAD_SECONDS", 0.02)


@pytest.fixture
def queued(new_job) -> Snapshot:
    return new_job().snapshot(1024)


@pytest.fixture
def reader(queued) -> FakeReader:
    return FakeReader(queued)


def within_time(main: Any) -> Any:
    async def bounded() -> Any:
        return await asyncio.wait_for(main, 10)

    return asyncio.run(bounded())


@asynccontextmanager
async def followed(reader: FakeReader, *, stages: bool = False) -> AsyncIterator[Any]:
    states = Follower(reader).follow("default", "a", stages=stages)
    yield states
    await states.aclose()


def test_an_end_is_told_at_once(reader, queued, monkeypatch) -> None:
    monkeypatch.setattr(following, "REREAD_SECONDS", 1000)
    end = queued | {"terminal": True}

    async def main() -> list[Snapshot]:
        async with followed(reader) as states:
            first = await anext(states)
            reader.waiters.tell({"a": prediction.encode(end).decode()})
            return [first] + [one async for one in states]

    assert within_time(main()) == [queued, end]


def test_an_end_that_nobody_told_of_is_found_by_reading_again(reader, queued) -> None:
    async def main() -> list[Snapshot]:
        async with followed(reader) as states:
            found = [await anext(states)]
            reader.snapshot = queued | {"terminal": True}
            return found + [one async for one in states]

    assert [one["terminal"] for one in within_time(main())] == [False, True]


def test_stages_are_found_by_looking(reader, queued, monkeypatch) -> None:
    monkeypatch.setattr(following, "REREAD_SECONDS", 1000)

    async def main() -> list[str]:
        async with followed(reader, stages=True) as states:
            found = [(await anext(states))["stage"], (await anext(states))["stage"]]
            reader.snapshot = queued | {"stage": "predicting", "status": "processing"}
            return [*found, (await anext(states))["stage"]]

    assert within_time(main()) == ["queued", "queued", "predicting"]


def test_nobody_who_waits_for_the_end_alone_costs_a_look(reader) -> None:
    async def main() -> None:
        async with followed(reader) as states:
            for _ in range(3):
                await anext(states)

    within_time(main())
    assert reader.looks == 0


def test_all_that_follow_share_a_look_and_none_follows_them(reader) -> None:
    asked: list[Sequence[str]] = []

    async def look(job_ids: Sequence[str]) -> list[bytes | None]:
        asked.append(sorted(job_ids))
        return [None] * len(job_ids)

    async def main() -> int:
        watch, waiters = StageWatch(look), [Waiter({}, "a") for _ in range(3)]
        with ExitStack() as followed:
            for waiter, job_id in zip(waiters, "abb", strict=True):
                followed.enter_context(watch.telling(waiter, job_id))
            await asyncio.sleep(0.02)
        count = len(asked)
        await asyncio.sleep(0.05)
        return len(asked) - count

    assert within_time(main()) <= 1
    assert asked[0] == ["a", "b"]


def test_a_database_that_is_away_ends_no_stream(reader, queued) -> None:
    async def main() -> list[Snapshot]:
        async with followed(reader) as states:
            await anext(states)
            reader.snapshot = Unavailable("away")
            return [await anext(states), await anext(states)]

    assert within_time(main()) == [queued, queued]


def test_what_is_not_there_is_not_followed(reader) -> None:
    reader.snapshot = NotFound("no")

    async def main() -> None:
        async with followed(reader) as states:
            await anext(states)

    with pytest.raises(NotFound):
        within_time(main())
