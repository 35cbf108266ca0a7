import base64
from typing import Any

import orjson
import pytest
from celery import Celery

from shared.backlog.bells import Bells
from shared.domain.names import RECORD, Backlog, Keys, Stage
from shared.domain.serving import Serving

SERVED = {"digits": Serving(lane="gpu")}
WINE = Backlog(Stage.PREPROCESS, "wine", "1")


@pytest.fixture
def bells() -> Bells:
    return Bells(Keys("queuecast:"), SERVED)


def body(message: dict[str, Any]) -> list[Any]:
    return orjson.loads(base64.b64decode(message["body"]))


@pytest.mark.parametrize(
    ("backlog", "task", "arguments", "queue"),
    [
        (WINE, "preprocess", ["wine", "1"], "preprocess"),
        (Backlog(Stage.PREPROCESS, "digits", "2"), "preprocess", ["digits", "2"], "preprocess"),
        (Backlog(Stage.PREDICT, "wine", "1"), "predict", ["wine", "1"], "predict-cpu"),
        (Backlog(Stage.PREDICT, "digits", "2"), "predict", ["digits", "2"], "predict-gpu"),
        (RECORD, "record", [], "record"),
    ],
)
def test_a_bell_rings_where_its_workers_listen(bells, backlog, task, arguments, queue) -> None:
    bell = bells.of(backlog)
    message = orjson.loads(bell.message)
    assert bell.queue == f"queuecast:{queue}"
    assert message["headers"]["task"] == task
    assert body(message)[0] == arguments


def test_every_bell_is_a_message_of_its_own(bells) -> None:
    one, other = (orjson.loads(bells.of(WINE).message) for _ in range(2))
    assert one["headers"]["id"] != other["headers"]["id"]
    assert one["properties"]["delivery_tag"] != other["properties"]["delivery_tag"]


def test_a_bell_says_what_celery_would_say(bells) -> None:
    """Every part of ours stands in Celery's own message, with the same value or one of its kind."""
    app = Celery(broker="memory://", set_as_current=False)
    app.send_task("preprocess", ["wine", "1"], queue="preprocess", ignore_result=True)
    with app.connection() as connection:
        theirs = connection.default_channel._get("preprocess")
    ours = orjson.loads(bells.of(WINE).message)
    assert body(ours) == body(theirs)
    for part in ("headers", "properties"):
        same = {name for name, value in ours[part].items() if theirs[part].get(name) == value}
        assert ours[part].keys() <= theirs[part].keys()
        assert ours[part].keys() - same <= {
            "id", "root_id", "argsrepr", "origin", "correlation_id", "reply_to", "delivery_tag",
        }  # fmt: skip
    assert all(ours[name] == theirs[name] for name in ("content-encoding", "content-type"))
