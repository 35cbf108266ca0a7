"""Whatever lies on a Celery queue: no worker stops, loops or hangs."""

import itertools

import orjson
import pytest
import redis

from models.registry import Registry
from queuecast import Client
from shared.backlog.bells import Bells
from shared.domain.names import RECORD, Backlog, Keys, Stage
from shared.settings import BUNDLED_MODELS_DIR

PREFIX = "queuecast:"
BELL = Bells(Keys(PREFIX), {}).of(Backlog(Stage.PREPROCESS, "wine", "1")).message
QUEUES = ("preprocess", "predict-cpu", "record")


def _without_id() -> bytes:
    read = orjson.loads(BELL)
    del read["headers"]["id"]
    return orjson.dumps(read)


MALFORMED = {
    "not JSON": b"\xffx",
    "a list": b"[]",
    "empty": b"{}",
    "no id": _without_id(),
    "a body of another form": BELL.replace(b'"body":"W', b'"body":"e'),
    "unknown task": BELL.replace(b'"preprocess"', b'"celery.chord"'),
}
NOBODYS = {
    "no model of that name": Bells(Keys(PREFIX), {}).of(Backlog(Stage.PREPROCESS, "none", "1")),
    "no version of that name": Bells(Keys(PREFIX), {}).of(Backlog(Stage.PREPROCESS, "wine", "99")),
    "nothing to record": Bells(Keys(PREFIX), {}).of(RECORD),
}


numbers = itertools.count()


def fresh_wine() -> dict[str, float]:
    """One that no cache knows, so that every stage has to work."""
    model, _ = Registry.load([BUNDLED_MODELS_DIR]).resolve("wine")
    return model.example | {"alcohol": 12.0173 + next(numbers) / 1e4}


@pytest.fixture
def workers(system):
    """The pids of all workers, which must be the same at the end."""
    pids = {role: system.pids(role) for role in ("preprocess", "predict", "record")}
    yield pids
    assert {role: system.pids(role) for role in pids} == pids


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_bell_stops_nobody(system, client: Client, kind: str) -> None:
    server = redis.Redis.from_url(system.state["redis_url"])
    for queue in QUEUES:
        server.lpush(f"{PREFIX}{queue}", MALFORMED[kind])
    assert client.predict("wine", fresh_wine(), timeout_seconds=20)
    kept = server.lrange(f"{PREFIX}quarantine", 0, -1)
    assert kept.count(repr(MALFORMED[kind]).encode()) >= len(QUEUES)


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("kind", NOBODYS)
def test_a_bell_for_nothing_is_no_obstacle(system, client: Client, kind: str) -> None:
    server = redis.Redis.from_url(system.state["redis_url"])
    bell = NOBODYS[kind]
    server.lpush(bell.queue, bell.message)
    assert client.predict("wine", fresh_wine(), timeout_seconds=20)
