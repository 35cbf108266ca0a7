import os
import socket

import pytest
from pydantic import SecretStr

from shared.backlog import connections
from shared.backlog.consumers import Consumer, forget, living


def test_a_beat_is_heard_for_its_time(consumer, valkey, keys, settings) -> None:
    assert consumer.beat()
    assert living(valkey, settings.key_prefix) == [consumer.name]
    assert 0 < valkey.ttl(keys.heartbeat(consumer.name)) <= settings.heartbeat_ttl_seconds


def test_a_name_tells_stage_host_and_process(consumer) -> None:
    kind, host, pid, _ = consumer.name.split(":")
    assert (kind, pid) == ("predict", str(os.getpid()))
    assert host == socket.gethostname().replace(":", "-")


def test_two_consumers_of_one_process_have_two_names(valkey, settings) -> None:
    first, second = (Consumer(valkey, "predict", settings) for _ in range(2))
    assert first.name != second.name


def test_a_fenced_consumer_learns_it_with_its_next_beat(consumer, valkey, keys) -> None:
    valkey.set(keys.fenced(consumer.name), b"1")
    assert not consumer.beat()


def test_who_starts_anew_leaves_the_old_name_dead(consumer, valkey, keys, settings) -> None:
    consumer.beat()
    old = consumer.name
    valkey.set(keys.fenced(old), b"1")
    consumer.start_anew(crashed=False)
    assert consumer.name != old
    assert living(valkey, settings.key_prefix) == [consumer.name]
    assert consumer.beat()


def test_what_runs_is_noted_by_thread(consumer, valkey, keys) -> None:
    consumer.note_running(["a", "b"])
    consumer.note_running(["c"])
    assert valkey.hvals(keys.running(consumer.name)) == [b"c"]
    assert valkey.ttl(keys.running(consumer.name)) > 0


def test_a_clean_exit_leaves_nothing(consumer, valkey, keys) -> None:
    consumer.beat()
    consumer.note_running(["a"])
    consumer.leave()
    assert living(valkey, keys.prefix) == []
    assert valkey.keys() == []


def test_the_heartbeats_of_a_dead_process_are_forgotten(valkey, keys, settings) -> None:
    host = socket.gethostname().replace(":", "-")
    names = [f"predict:{host}:77:aa", f"sweeper:{host}:77:bb"]
    others = [f"predict:{host}:777:cc", "predict:elsewhere:77:dd"]
    for name in (*names, *others):
        valkey.set(keys.heartbeat(name), b"1")
        valkey.sadd(keys.consumers, name)
    assert forget(valkey, settings.key_prefix, 77) == 2
    assert living(valkey, settings.key_prefix) == sorted(others)
    assert forget(valkey, settings.key_prefix, 77) == 0


def test_another_installation_on_the_same_redis_is_left_alone(consumer, valkey) -> None:
    consumer.beat()
    assert living(valkey, "other:") == []
    assert forget(valkey, "other:", os.getpid()) == 0


@pytest.fixture
def without_redis(settings):
    """A consumer whose server is not there."""
    nowhere = settings.model_copy(update={"redis_url": SecretStr("unix:///nowhere/redis.sock")})
    client = connections.connect(nowhere, timeout_seconds=1)
    yield Consumer(client, "predict", settings)
    client.close()


def test_starting_anew_needs_no_redis(without_redis) -> None:
    old = without_redis.name
    without_redis.start_anew(crashed=False)
    assert without_redis.name != old
