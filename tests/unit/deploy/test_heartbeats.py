import os
import socket

import pytest
from redis import Redis

from deploy.local.children import Child
from deploy.local.embedded_redis import embedded_redis
from deploy.local.heartbeats import forget_heartbeats
from shared.domain.names import Keys


@pytest.fixture
def server(tmp_path, eventually):
    with embedded_redis(tmp_path / "log", os.environ, None) as server:
        child = Child(server.program)
        eventually(server.answers)
        yield server
        child.kill()


@pytest.mark.parametrize("prefix", ["queuecast:", "mine:"])
def test_the_heartbeats_of_one_dead_process_are_gone(server, prefix):
    host = socket.gethostname().replace(":", "-")
    dead, alive = (Keys(prefix).heartbeat(f"predict:{host}:{pid}:a") for pid in (4711, 4712))
    with Redis.from_url(server.url) as client:
        client.mset({dead: 1, alive: 1})
        names = (key.removeprefix(Keys(prefix).heartbeat("")) for key in (dead, alive))
        client.sadd(Keys(prefix).consumers, *names)
        settings = {"QUEUECAST_REDIS_URL": server.url, "QUEUECAST_KEY_PREFIX": prefix}
        forget_heartbeats(settings, 4711)
        assert (client.exists(dead), client.exists(alive)) == (0, 1)


def test_without_redis_they_are_left_to_expire(tmp_path):
    forget_heartbeats({"QUEUECAST_REDIS_URL": f"unix://{tmp_path}/nowhere.sock"}, 4711)
