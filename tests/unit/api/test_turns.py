import asyncio
from time import perf_counter

from api.turns import SLICE_SECONDS, Slices, Turns


def work(seconds: float) -> None:
    until = perf_counter() + seconds
    while perf_counter() < until:
        pass


def test_others_run_between_two_slices() -> None:
    turned = 0

    async def others() -> None:
        nonlocal turned
        while True:
            turned += 1
            await asyncio.sleep(0)

    async def long_work() -> int:
        task = asyncio.create_task(others())
        slices = Slices()
        for _ in range(20):
            work(SLICE_SECONDS)
            await slices.pause()
        task.cancel()
        return turned

    assert asyncio.run(long_work()) >= 19


def test_short_work_is_not_interrupted() -> None:
    async def short_work() -> bool:
        other = asyncio.create_task(asyncio.sleep(0))
        await Slices().pause()
        return other.done()

    assert asyncio.run(short_work()) is False


def test_one_piece_of_work_at_a_time() -> None:
    turns, inside, most = Turns(), 0, 0

    async def piece() -> None:
        nonlocal inside, most
        async with turns.mine():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def pieces() -> None:
        await asyncio.gather(*(piece() for _ in range(5)))

    asyncio.run(pieces())
    assert most == 1
