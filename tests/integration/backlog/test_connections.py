import asyncio
import socket

import pytest
import redis
import uvloop
from pydantic import SecretStr

from shared.backlog import connections
from shared.container import Container


def test_a_connection_that_was_reset_while_idle_is_one_that_failed(settings) -> None:
    async def ask_over_a_closed_one() -> bool:
        client = connections.connect_async(settings, timeout_seconds=1)
        try:
            await client.ping()
            (connection,) = client.connection_pool._available_connections
            connection._writer.transport.abort()
            with pytest.raises(redis.ConnectionError):
                await client.mget(["a"])
            return await client.ping()
        finally:
            await client.aclose()

    assert uvloop.run(ask_over_a_closed_one())


@pytest.fixture
def mute(settings):
    """Of a Redis that hangs: the kernel takes connections for it, and nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        yield settings.model_copy(update={"redis_url": SecretStr(url)})


@pytest.mark.timeout(4)  # redis-py's own is 5 s
def test_no_call_waits_for_a_redis_that_hangs(mute) -> None:
    with pytest.raises(redis.TimeoutError):
        connections.connect(mute, timeout_seconds=0.05).ping()
    with pytest.raises(redis.TimeoutError):
        asyncio.run(connections.connect_async(mute, timeout_seconds=0.05).ping())


def test_a_request_waits_for_it_no_longer_than_its_budget(mute) -> None:
    """One call to notice that a connection is broken, and one over a new one."""
    api = Container.for_api(mute, {})
    kwargs = api.redis.connection_pool.connection_kwargs
    assert kwargs["socket_timeout"] + kwargs["socket_connect_timeout"] <= mute.redis_budget_seconds
