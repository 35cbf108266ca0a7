"""Redis dies, forgets, hangs, is full: submits go on, and all that was accepted is found again."""

import time

import pytest
import redis

from loadtests.bench.processes import held

TURNS = 60_000_000
"""Of an empty loop: 2 to 4 s."""

POST_SECONDS = 1.5
"""A submit has 0.5 s for Redis; the rest is for a busy machine."""


def submit_slowly(system, seconds: float) -> float:
    """Submits for so long, and answers what the longest took."""
    longest, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.monotonic()
        system.submit(1)
        longest = max(longest, time.monotonic() - begun)
        time.sleep(0.05)
    return longest


@pytest.mark.fault("F20")
def test_redis_is_emptied(system) -> None:
    system.submit(20, "slow", seconds=0.1)
    system.servers.redis.client().flushall()
    system.submit(5)
    system.all_end("F20", "FLUSHALL")


@pytest.mark.long
@pytest.mark.fault("F14", "F15")
@pytest.mark.parametrize(("fault", "kept"), [("F14", False), ("F15", True)])
def test_redis_is_killed(system, fault: str, kept: bool) -> None:
    server = system.servers.redis
    system.submit(20, "slow", seconds=0.1)
    server.kill()
    if not kept:
        server.forget()
    assert submit_slowly(system, 2.0) < POST_SECONDS
    server.start()
    done = system.all_end(fault, f"down for 2 s, data {'kept' if kept else 'lost'}")
    assert system.crashes(*done) == 0


@pytest.mark.long
@pytest.mark.fault("F15")
def test_the_end_of_the_append_only_file_is_lost(system) -> None:
    server = system.servers.redis
    system.submit(20, "slow", seconds=0.1)
    server.kill()
    server.cut_off(0.2)
    server.start()
    system.all_end("F15", "a fifth of the file lost")
    assert system.running.contradictions() == []


@pytest.mark.long
@pytest.mark.fault("F16")
def test_redis_is_down_for_long(system) -> None:
    server = system.servers.redis
    server.kill()
    assert submit_slowly(system, 30.0) < POST_SECONDS
    server.start()
    system.all_end("F16", "down for 30 s")


@pytest.mark.long
@pytest.mark.fault("F17")
def test_redis_hangs(system) -> None:
    system.submit(10, "slow", seconds=0.1)
    with held([system.servers.redis.pid]):
        assert submit_slowly(system, 12.0) < POST_SECONDS
    assert len(system.jobs) > 60  # each would wait for Redis, were it asked again and again: 30
    done = system.all_end("F17", "hung for 12 s")
    assert system.crashes(*done) == 0


@pytest.mark.long
@pytest.mark.fault("F18")
def test_redis_takes_no_writes(system) -> None:
    system.servers.redis.client().client_pause(6000, all=False)
    assert submit_slowly(system, 6.0) < POST_SECONDS
    system.all_end("F18", "CLIENT PAUSE WRITE for 6 s")


@pytest.mark.long
@pytest.mark.fault("F19")
def test_redis_is_busy(system) -> None:
    """A script that runs for seconds: what DEBUG SLEEP would do, which is not enabled."""
    system.submit(10)
    script = "local n = 0; while n < ARGV[1] * 1 do n = n + 1 end"
    with redis.Redis.from_url(system.servers.redis.url, socket_timeout=60) as client:
        client.eval(script, 0, str(TURNS))
    system.submit(5)
    system.all_end("F19", "busy with one script")


@pytest.mark.long
@pytest.mark.fault("F21")
def test_redis_is_full(system) -> None:
    client = system.servers.redis.client()
    before = client.config_get("maxmemory")["maxmemory"]
    system.submit(10, "slow", seconds=0.1)
    client.config_set("maxmemory", "1mb")
    submit_slowly(system, 8.0)
    workers = {role: system.pids(role) for role in ("preprocess", "predict", "record")}
    client.config_set("maxmemory", before)
    system.all_end("F21", "full for 8 s")
    assert {role: system.pids(role) for role in workers} == workers
