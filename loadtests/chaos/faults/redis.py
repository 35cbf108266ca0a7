"""What may happen to Redis, and to the network before it."""

from collections.abc import Callable
from functools import partial

from loadtests.chaos.faults.fault import Fault, Scene
from loadtests.chaos.faults.processes import still

NAME = "redis"


def restart(scene: Scene, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Killed, down for a moment, started over what its file holds."""
    server = scene.servers.redis
    server.kill()
    meanwhile()
    scene.last(0.0, 3.0)
    server.start()


def lose_all(scene: Scene) -> None:
    restart(scene, scene.servers.redis.forget)


def lose_the_end(scene: Scene) -> None:
    """What was not synced when its machine died: a second, or two on a slow disk."""
    server = scene.servers.redis
    before = server.written()
    scene.last(0.5, 2.0)
    restart(scene, lambda: server.cut_back(before))


def empty(scene: Scene) -> None:
    scene.servers.redis.client().flushall()


def hang(scene: Scene) -> None:
    with still([scene.servers.redis.pid]):
        scene.last(2.0, 6.0)


def pause_writes(scene: Scene) -> None:
    milliseconds = scene.random.randint(2000, 5000)
    scene.servers.redis.client().client_pause(milliseconds, all=False)
    scene.last(milliseconds / 1000, milliseconds / 1000)


def be_full(scene: Scene) -> None:
    client = scene.servers.redis.client()
    before = str(client.config_get("maxmemory")["maxmemory"])
    client.config_set("maxmemory", "1mb")
    try:
        scene.last(2.0, 5.0)
    finally:
        client.config_set("maxmemory", before)


def network(scene: Scene, order: str) -> None:
    with scene.servers.link.being(order):
        scene.last(2.0, 6.0)


def reset_often(scene: Scene) -> None:
    for _ in range(scene.random.randint(3, 6)):
        scene.servers.link.tell("reset")
        scene.last(0.5, 1.0)


FAULTS = [
    Fault("redis killed, its file kept", restart, 3, "redis lost"),
    Fault("redis killed, all data lost", lose_all, 3, "redis lost"),
    Fault("redis killed, the end of its file lost", lose_the_end, 3, "redis lost"),
    Fault("redis emptied", empty, 2, "redis lost"),
    Fault("redis hung", hang, 3, "redis hung"),
    Fault("redis takes no writes", pause_writes, 1, "redis hung"),
    Fault("redis full", be_full),
    Fault("network to redis: black hole", partial(network, order="black-hole"), 2, "redis hung"),
    Fault("network to redis: answers lost", partial(network, order="deaf"), 1, "redis hung"),
    Fault("network to redis: refuses", partial(network, order="refuse"), 1),
    Fault("network to redis: resets", reset_often),
    Fault("network to redis: slow", partial(network, order="latency 0.05 0.1"), 1),
]
