"""Whatever lies on a Celery queue: no worker stops, loops or hangs."""

import base64
import itertools
import time

import orjson
import pytest
import redis

from models.registry import Registry
from queuecast import Client
from shared.backlog.bells import Bells
from shared.backlog.celery_app import create_celery
from shared.domain.names import RECORD, Backlog, Keys, Stage
from shared.settings import BUNDLED_MODELS_DIR, Settings

PREFIX = "queuecast:"
BELL = Bells(Keys(PREFIX), {}).of(Backlog(Stage.PREPROCESS, "wine", "1")).message
QUEUES = ("preprocess", "predict-cpu", "record")


def _without_id() -> bytes:
    read = orjson.loads(BELL)
    del read["headers"]["id"]
    return orjson.dumps(read)


def control(command: object, **changes: object) -> bytes:
    """A control command in kombu's envelope."""
    properties = {"delivery_tag": "t", "delivery_info": {}, "body_encoding": "base64"}
    encoded = base64.b64encode(orjson.dumps(command)).decode()
    message = {"content-type": "application/json", "content-encoding": "utf-8", "headers": {}}
    return orjson.dumps(message | {"body": encoded, "properties": properties} | changes)


PING = {"method": "ping", "arguments": {}}
MALFORMED_CONTROLS = {
    "not JSON": b"\xff",
    "a list": b"[]",
    "empty": b"{}",
    "no properties": control(PING, properties={}),
    "no tag": control(PING, properties={"delivery_info": {}, "body_encoding": "base64"}),
    "a body of another form": control(PING, body="%"),
    "no command": control([]),
    "a number for a command": control({"method": 5}),
    "a number for all arguments": control(PING | {"arguments": 7}),
    "a number for a destination": control(PING | {"destination": [9]}),
    "a reply to nowhere": control(PING | {"reply_to": {"exchange": 1}}),
    "pickle": control(PING, **{"content-type": "application/x-python-serialize"}),
    "too large": control(PING | {"arguments": {"x": "x" * (1 << 20)}}),
}
STRANGE_CONTROLS = {
    "unknown command": control({"method": "no_such_command"}),
    "wrong arguments": control(PING | {"arguments": {"no": "such"}}),
    "no reply": control(PING | {"ticket": "x"}),
}
MALFORMED = {
    "too large": BELL.replace(b'"lang":"py"', b'"lang":"' + b"x" * (1 << 20) + b'"'),
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
    assert kept.count(repr(MALFORMED[kind][:4096]).encode()[:4096]) >= len(QUEUES)


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("kind", NOBODYS)
def test_a_bell_for_nothing_is_no_obstacle(system, client: Client, kind: str) -> None:
    server = redis.Redis.from_url(system.state["redis_url"])
    bell = NOBODYS[kind]
    server.lpush(bell.queue, bell.message)
    assert client.predict("wine", fresh_wine(), timeout_seconds=20)


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("kind", [*MALFORMED_CONTROLS, *STRANGE_CONTROLS])
def test_a_control_message_that_is_none_stops_nobody(system, client: Client, kind: str) -> None:
    """It goes to all workers at once: unread, `[]` would end every one of them."""
    server = redis.Redis.from_url(system.state["redis_url"])
    message = (MALFORMED_CONTROLS | STRANGE_CONTROLS)[kind]
    assert server.publish(f"{PREFIX}/0.celery.pidbox", message) >= len(QUEUES)
    assert client.predict("wine", fresh_wine(), timeout_seconds=20)
    if kind in MALFORMED_CONTROLS:
        written = repr(message[:4096]).encode()[:4096]
        until = time.monotonic() + 10
        while written not in server.lrange(f"{PREFIX}quarantine", 0, -1):  # a task may go on first
            assert time.monotonic() < until
            time.sleep(0.02)


@pytest.mark.usefixtures("workers")
def test_workers_answer_a_control_command_still(system) -> None:
    """What `celery inspect ping` and Flower ask."""
    settings = Settings(redis_url=system.state["redis_url"], data_dir="/nowhere")
    app = create_celery(settings, socket_timeout=5)
    names = {name.partition("-")[0] for answer in app.control.ping(timeout=3) for name in answer}
    assert names == {"preprocess", "predict", "record", "deliver"}
    app.close()
