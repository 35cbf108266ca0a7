"""Connections to Redis: every call has an end, and nothing is retried behind our back."""

from typing import Any

import redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.settings import Settings


def connect(settings: Settings, *, timeout_seconds: float) -> redis.Redis:
    """A client of binary answers. A call that timed out may have happened: the caller decides."""
    return redis.Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        health_check_interval=5,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


def connect_async(settings: Settings, *, timeout_seconds: float) -> AsyncRedis:
    """The same for an event loop."""
    client = AsyncRedis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        health_check_interval=5,
        retry=AsyncRetry(NoBackoff(), 0),
        protocol=2,
    )
    pool = client.connection_pool
    pool.connection_class = type("Connection", (_KnowsItIsClosed, pool.connection_class), {})
    return client


class _KnowsItIsClosed(AbstractConnection):
    """uvloop calls it a RuntimeError to write to what the other side has reset while it was idle;
    nobody who is ready for a Redis that is away is ready for that.
    """

    async def send_packed_command(self, *args: Any, **options: Any) -> None:
        try:
            await super().send_packed_command(*args, **options)
        except RuntimeError as error:
            raise redis.ConnectionError("the connection was closed meanwhile") from error
