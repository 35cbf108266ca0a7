import asyncio

import pytest

from shared.jobs.waiting import Waiters

LONG = 1000.0


@pytest.fixture
def waiters() -> Waiters:
    return Waiters()


def run(main) -> None:
    asyncio.run(asyncio.wait_for(main, 10))


async def woken(waiters: Waiters, wake) -> None:
    with waiters.expecting("a") as waiter:
        asyncio.get_running_loop().call_soon(wake)
        await waiter.news(LONG)


def test_a_waiter_is_woken_by_its_job(waiters) -> None:
    run(woken(waiters, lambda: waiters.tell({"b": None, "a": None})))


def test_all_can_be_woken(waiters) -> None:
    run(woken(waiters, waiters.wake_all))


def test_news_that_came_before_the_wait_are_news(waiters) -> None:
    async def main() -> None:
        with waiters.expecting("a") as waiter:
            waiters.tell({"a": None})
            await waiter.news(LONG)

    run(main())


def test_what_is_told_arrives(waiters) -> None:
    async def main() -> None:
        with waiters.expecting("a") as waiter:
            waiters.tell({"a": "snapshot"})
            waiters.wake_all()
            assert await waiter.news(LONG) == "snapshot"

    run(main())


def test_news_are_told_once(waiters) -> None:
    async def main() -> None:
        with waiters.expecting("a") as waiter:
            waiters.tell({"a": None})
            await waiter.news(LONG)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(waiter.news(LONG), 0.02)

    run(main())


def test_another_jobs_news_wake_nobody(waiters) -> None:
    async def main() -> None:
        with waiters.expecting("a") as waiter:
            waiters.tell({"b": None})
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(waiter.news(LONG), 0.02)

    run(main())


def test_a_wait_ends_by_itself(waiters) -> None:
    async def main() -> None:
        with waiters.expecting("a") as waiter:
            await waiter.news(0.01)

    run(main())
