import pytest
import redis
import uvloop

from shared.backlog import connections


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
