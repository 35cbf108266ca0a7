"""What tenants use, counted by a real server."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from shared.access.usage import Usage
from shared.backlog import connections
from shared.backlog.breaker import Breaker
from shared.clock import SystemClock
from shared.domain.rate_limits import Policy
from shared.settings import Settings

Use = Callable[..., list[float | None]]
REQUESTS = Policy("requests", 3, 1)
BYTES = Policy("bytes", 1000, 86_400, "content-bytes")


@pytest.fixture
def use(settings: Settings, valkey: redis.Redis) -> Use:
    """Uses a policy several times in a row."""

    async def run(tenant: str, policy: Policy, *costs: int) -> list[float | None]:
        client = connections.connect_async(settings, timeout_seconds=0.25)
        usage = Usage(client, Breaker(SystemClock()), settings)
        answers = [await usage.use(tenant, policy, cost) for cost in costs]
        await client.aclose()
        return answers

    return lambda *wanted: asyncio.run(run(*wanted))


def test_what_fits_is_used_and_the_rest_waits(use: Use) -> None:
    answers = use("acme", REQUESTS, 1, 1, 1, 1)
    assert answers[:3] == [None] * 3
    assert 0 < (answers[3] or 0) <= 2
    assert use("other", REQUESTS, 1) == [None]


def test_it_fits_after_the_time_that_was_told(use: Use) -> None:
    *_, wait = use("acme", REQUESTS, 1, 1, 1, 1)
    assert wait is not None
    time.sleep(wait)
    assert use("acme", REQUESTS, 1) == [None]


def test_what_was_refused_uses_nothing(use: Use) -> None:
    assert use("acme", BYTES, 900, 101, 100)[::2] == [None, None]
    [wait] = use("acme", BYTES, 100)
    assert wait is not None
    # A tenth must have left the window that slides: a tenth of a day after it has begun to.
    assert 86_400 < wait <= 1.1 * 86_400 + 1


def test_a_request_that_fits_costs_one_command(use: Use, valkey: redis.Redis) -> None:
    use("acme", REQUESTS, 1)
    valkey.config_resetstat()
    use("acme", REQUESTS, 1)
    told: Any = valkey.info("commandstats")
    scripts = [one["calls"] for name, one in told.items() if name.startswith("cmdstat_eval")]
    assert sum(scripts) == 1


def test_without_redis_everything_fits(use: Use, settings: Settings) -> None:
    async def run() -> list[float | None]:
        nowhere = settings.model_copy(update={"redis_url": type(settings.redis_url)("unix:///no")})
        client = connections.connect_async(nowhere, timeout_seconds=0.25)
        usage = Usage(client, Breaker(SystemClock()), nowhere)
        return [await usage.use("acme", REQUESTS, 1) for _ in range(9)]

    assert asyncio.run(run()) == [None] * 9
