"""A Redis that lost its last second holds entries under consumers who let go of them long ago."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from deploy.local.redis_binary import find_server
from shared.backlog.backlogs import Move
from shared.backlog.consumers import Consumer
from shared.backlog.entries import Entry
from shared.domain.names import RECORD, Backlog, Stage
from workers.sweep_decisions import RedisWatch
from workers.sweep_steps import LOOK_ALIVE_SECONDS

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


class Server:
    """A server that can go back to what it last saved."""

    def __init__(self, folder: Path) -> None:
        self.url = f"unix://{folder}/redis.sock"
        options = ["--port", "0", "--unixsocket", f"{folder}/redis.sock", "--dir", str(folder)]
        self._command = [find_server(), *options, "--save", ""]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        with redis.Redis.from_url(self.url, retry=Retry(ConstantBackoff(0.02), 500)) as patient:
            patient.ping()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def roll_back(self) -> None:
        self.stop()
        self.start()


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="queuecast-"))
    server = Server(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def valkey_url(server: Server) -> str:
    return server.url


@pytest.fixture
def beat(valkey) -> Callable[[Consumer], bool]:
    def run(consumer: Consumer) -> bool:
        try:
            return consumer.beat()
        except redis.ConnectionError:  # the connections of before
            return consumer.beat()

    return run


@pytest.fixture
def held(server, accept, backlogs, consumer, valkey):
    """A job that the consumer passed on, and that it holds again since Redis came back."""
    job = accept()
    consumer.beat()
    backlogs.move([Move(Entry(job.snapshot(1024), job.input), WINE)])
    (one,) = backlogs.take(WINE, consumer.name, 9).taken
    valkey.save()
    backlogs.move([Move(one.entry, RECORD, one)])
    server.roll_back()
    return job


def test_what_a_living_worker_holds_by_mistake_is_dispatched_again(
    held, beat, consumer, new_sweep, clock, snapshot, row
) -> None:
    beat(consumer)
    sweep = new_sweep()
    clock.advance(LOOK_ALIVE_SECONDS)
    sweep.rescue_the_lost()
    sweep.dispatch_missing()
    assert (snapshot(held.id)["attempt"], row(held.id)["crashes"]) == (2, 0)


def test_a_redis_that_stays_keeps_everybodys_name(beat, consumer) -> None:
    name = consumer.name
    assert beat(consumer) and beat(consumer)
    assert consumer.name == name


def test_a_worker_lives_on_under_another_name(held, beat, consumer) -> None:
    name = consumer.name
    assert beat(consumer)
    assert consumer.name != name
    assert consumer.is_alive()


def test_what_an_old_redis_says_was_running_has_not_crashed(
    held, keys, consumer, valkey, new_sweep, clock, row
) -> None:
    """Its worker died after it had passed the job on; Redis has forgotten that."""
    sweep = new_sweep()
    sweep.watch = RedisWatch(LOOK_ALIVE_SECONDS)
    valkey.delete(keys.heartbeat(consumer.name))
    sweep.rescue_the_lost()
    assert valkey.exists(keys.running(consumer.name))
    clock.advance(LOOK_ALIVE_SECONDS)
    sweep.rescue_the_lost()
    sweep.dispatch_missing()
    assert (row(held.id)["attempt"], row(held.id)["crashes"]) == (2, 0)
