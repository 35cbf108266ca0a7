"""One caller: a connection that speaks an arm's dialect."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from loadtests.bench.arms.arm import Service
from loadtests.bench.errors import ArmFailed
from loadtests.bench.http_client import Answer, Connection


class Caller:
    def __init__(self, service: Service) -> None:
        self._address = service.address
        self._dialect = service.dialect
        self._connection = Connection(service.address)

    async def ask(self, request: bytes) -> Answer:
        """The answer; raises ArmFailed when the server says that it failed."""
        answer = await self._connection.ask(request)
        if answer.status >= 500:
            raise ArmFailed(f"{answer.status}: {answer.body[:300]!r}")
        return answer

    async def result(self, accepted: Answer) -> Answer:
        """The answer that carries the result of an accepted job; it may be that answer itself."""
        dialect, answer = self._dialect, accepted
        fetch = dialect.fetch(self._address, dialect.job_id(accepted))
        while not dialect.is_done(answer):
            if dialect.pause_seconds:
                await asyncio.sleep(dialect.pause_seconds)
            answer = await self.ask(fetch)
        return answer

    def close(self) -> None:
        self._connection.close()


@contextmanager
def calling(service: Service, count: int) -> Iterator[list[Caller]]:
    """So many callers. At the end their connections are gone: an open one keeps a loop alive."""
    callers = [Caller(service) for _ in range(count)]
    try:
        yield callers
    finally:
        for caller in callers:
            caller.close()
