"""The loads: how requests arrive at an arm.

Each answers what came back and how long it took; only what the next request needs is parsed here.
A caller whose job fails ends the load: its figures would mean nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import uvloop

from loadtests.bench.arms.arm import Service
from loadtests.bench.caller import Caller, calling
from loadtests.bench.errors import ArmFailed
from loadtests.bench.http_client import Answer, ServerGone
from loadtests.bench.schedule import arrivals

PATIENCE_SECONDS = 60.0
FETCHING_CONNECTIONS = 64

Work = Callable[[Caller, int], Awaitable[None]]


@dataclass(slots=True)
class Outcome:
    """`answers[n]` carries the result of job n; times are in seconds.

    `latencies` run from the submit to the result in hand, `accept_latencies` to the first answer;
    in an open loop both from the moment at which the request was due.
    """

    answers: list[Answer]
    latencies: list[float]
    accept_latencies: list[float]
    seconds: float = 0.0
    accepted_seconds: float = 0.0

    @classmethod
    def of(cls, jobs: int) -> "Outcome":
        return cls([Answer(0, b"")] * jobs, [0.0] * jobs, [0.0] * jobs)


def closed_loop(
    service: Service, submits: Sequence[bytes], connections: int, rest_seconds: float = 0.0
) -> Outcome:
    """Each caller submits a job, waits for its result, rests, and goes on with the next."""
    outcome = Outcome.of(len(submits))

    async def one(caller: Caller, number: int) -> None:
        begun = perf_counter()
        accepted = await caller.ask(submits[number])
        outcome.accept_latencies[number] = perf_counter() - begun
        outcome.answers[number] = await caller.result(accepted)
        outcome.latencies[number] = perf_counter() - begun
        if rest_seconds:
            await asyncio.sleep(rest_seconds)

    async def load() -> None:
        outcome.seconds = await _shared(service, connections, len(submits), one)

    _run(load())
    return outcome


def burst(
    service: Service,
    submits: Sequence[bytes],
    connections: int,
    between: Callable[[], None] = lambda: None,
) -> Outcome:
    """All jobs are submitted as fast as they are accepted; then all results are fetched."""
    outcome = Outcome.of(len(submits))
    accepted = [Answer(0, b"")] * len(submits)

    async def submit(caller: Caller, number: int) -> None:
        begun = perf_counter()
        accepted[number] = await caller.ask(submits[number])
        outcome.accept_latencies[number] = perf_counter() - begun

    async def fetch(caller: Caller, number: int) -> None:
        outcome.answers[number] = await caller.result(accepted[number])

    async def load() -> None:
        outcome.accepted_seconds = await _shared(service, connections, len(submits), submit)
        between()
        fetched = await _shared(service, connections, len(submits), fetch)
        outcome.seconds = outcome.accepted_seconds + fetched

    _run(load())
    return outcome


def open_loop(
    service: Service, submits: Sequence[bytes], per_second: float, connections: int
) -> Outcome:
    """Submits arrive on a fixed schedule, whatever the answers do; then all results are fetched.

    A request that finds every connection busy waits for one, and that wait counts.
    """
    outcome = Outcome.of(len(submits))
    accepted = [Answer(0, b"")] * len(submits)

    async def submit(free: asyncio.LifoQueue[Caller], number: int, due: float) -> None:
        caller = await free.get()
        accepted[number] = await caller.ask(submits[number])
        outcome.accept_latencies[number] = perf_counter() - due
        free.put_nowait(caller)

    async def fetch(caller: Caller, number: int) -> None:
        outcome.answers[number] = await caller.result(accepted[number])

    async def load() -> None:
        free: asyncio.LifoQueue[Caller] = asyncio.LifoQueue()
        with calling(service, connections) as callers:
            for caller in callers:
                free.put_nowait(caller)
            begun = perf_counter()
            async with asyncio.TaskGroup() as group:
                async for number, due in arrivals(len(submits), per_second):
                    group.create_task(submit(free, number, due))
            outcome.accepted_seconds = perf_counter() - begun
        fetched = await _shared(service, FETCHING_CONNECTIONS, len(submits), fetch)
        outcome.seconds = outcome.accepted_seconds + fetched

    _run(load())
    return outcome


def ask_all(service: Service, requests: Sequence[bytes], connections: int) -> Outcome:
    """Plain requests, each answered once."""
    outcome = Outcome.of(len(requests))

    async def one(caller: Caller, number: int) -> None:
        begun = perf_counter()
        outcome.answers[number] = await caller.ask(requests[number])
        outcome.latencies[number] = perf_counter() - begun

    async def load() -> None:
        outcome.seconds = await _shared(service, connections, len(requests), one)

    _run(load())
    return outcome


async def _shared(service: Service, connections: int, jobs: int, work: Work) -> float:
    """The callers share the jobs out among themselves, in order; answers the seconds it took."""
    todo = iter(range(jobs))
    with calling(service, connections) as callers:
        begun = perf_counter()
        async with asyncio.TaskGroup() as group:
            for caller in callers:
                group.create_task(_each(caller, todo, work))
        return perf_counter() - begun


async def _each(caller: Caller, todo: Iterator[int], work: Work) -> None:
    for number in todo:
        await work(caller, number)


def _run(load: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await load

    try:
        uvloop.run(bounded())
    except (ExceptionGroup, OSError) as error:  # a TimeoutError is an OSError
        # No `except*`: Python before 3.11.4 wraps what is raised in it into another group.
        first = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
        if not isinstance(first, ArmFailed | ServerGone | OSError):
            raise
        raise ArmFailed(f"{type(first).__name__}: {first}") from error
