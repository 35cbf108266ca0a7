import asyncio
import threading
from collections.abc import Iterator

import pytest

from workers.resolver import Resolver


class SlowNames:
    """Answers `fast.example` at once, every other name when it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def __call__(self, host: str, _port: int) -> list[str]:
        if host != "fast.example":
            self.released.wait(10)
        return [host]


@pytest.fixture
def names() -> Iterator[SlowNames]:
    names = SlowNames()
    yield names
    names.released.set()


def test_slow_names_of_one_tenant_leave_threads_to_another(names: SlowNames) -> None:
    resolver = Resolver(names, threads=8)

    async def run() -> object:
        slow = [asyncio.create_task(resolver.addresses("slow", str(n), 443)) for n in range(20)]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            found = await resolver.addresses("quick", "fast.example", 443)
        names.released.set()
        return found, await asyncio.gather(*slow)

    found, slow = asyncio.run(run())
    assert found == ["fast.example"]
    assert [one for (one,) in slow] == [str(n) for n in range(20)]


def test_who_gave_up_counts_until_its_thread_is_back(names: SlowNames) -> None:
    resolver = Resolver(names, threads=1)

    async def give_up() -> None:
        async with asyncio.timeout(0.05):
            await resolver.addresses("t", "slow.example", 443)

    async def again() -> object:
        async with asyncio.timeout(5):
            return await resolver.addresses("t", "fast.example", 443)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    names.released.set()
    assert asyncio.run(again()) == ["fast.example"]


def test_what_fails_gives_its_thread_back() -> None:
    def fail(*_: object) -> list[str]:
        raise OSError

    resolver = Resolver(fail, threads=1)
    for _ in range(3):
        with pytest.raises(OSError):
            asyncio.run(resolver.addresses("t", "a", 443))
