import base64
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from celery import Celery
from hypothesis import given
from hypothesis import strategies as st

from shared.backlog.bell_check import BELL_MAX_BYTES, is_bell
from shared.backlog.bells import Bells
from shared.domain.names import RECORD, Backlog, Keys, Stage

TASKS = {"preprocess", "predict", "record"}
BELLS = Bells(Keys("queuecast:"), {})


def message(backlog: Backlog = Backlog(Stage.PREDICT, "wine", "1")) -> bytes:  # noqa: B008
    return BELLS.of(backlog).message


def changed(part: str, name: str, value: Any) -> bytes:
    read = orjson.loads(message())
    read[part][name] = value
    return orjson.dumps(read)


def calling(body: Any) -> bytes:
    encoded = base64.b64encode(orjson.dumps(body)).decode()
    return orjson.dumps(orjson.loads(message()) | {"body": encoded})


def without(*path: str) -> bytes:
    read = orjson.loads(message())
    inner = read
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return orjson.dumps(read)


@pytest.mark.parametrize("stage", [Stage.PREPROCESS, Stage.PREDICT])
def test_a_bell_of_ours_passes(stage) -> None:
    assert is_bell(message(Backlog(stage, "wine", "1")), TASKS)


def test_the_bell_of_the_record_backlog_passes() -> None:
    assert is_bell(message(RECORD), TASKS)


def test_a_bell_that_celery_sends_passes() -> None:
    app = Celery(broker="memory://", set_as_current=False)
    app.send_task("predict", ["wine", "1"], queue="predict-cpu", ignore_result=True)
    with app.connection() as connection:
        sent = connection.default_channel._get("predict-cpu")
    assert is_bell(orjson.dumps(sent), TASKS)


REFUSED = {
    "no JSON": lambda: b"\xff{",
    "a list": lambda: b"[]",
    "null": lambda: b"null",
    "empty": lambda: b"",
    "nothing in it": lambda: b"{}",
    "no id": lambda: without("headers", "id"),
    "an id that is none": lambda: changed("headers", "id", 7),
    "no task": lambda: without("headers", "task"),
    "another task": lambda: changed("headers", "task", "celery.backend_cleanup"),
    "a task that is none": lambda: changed("headers", "task", ["predict"]),
    "no headers": lambda: without("headers"),
    "no properties": lambda: without("properties"),
    "no tag": lambda: without("properties", "delivery_tag"),
    "no place": lambda: changed("properties", "delivery_info", None),
    "a later time": lambda: changed("headers", "eta", "2030-01-01T00:00:00"),
    "a time limit": lambda: changed("headers", "timelimit", [1, 1]),
    "text for retries": lambda: changed("headers", "retries", "x"),
    "pickle": lambda: message().replace(b"application/json", b"application/x-pickle"),
    "bad base64": lambda: orjson.dumps(orjson.loads(message()) | {"body": "%%%"}),
    "a body of another form": lambda: calling({}),
    "a body too short": lambda: calling([[], {}]),
    "arguments that are none": lambda: calling(["wine", {}, {}]),
    "an argument that is no name": lambda: calling([[{"x": 1}], {}, {}]),
    "options": lambda: calling([["wine", "1"], {"x": 1}, {}]),
    "callbacks": lambda: calling([["wine", "1"], {}, {"chain": [{"task": "x"}]}]),
    "too large": lambda: calling([["wine", "1" * BELL_MAX_BYTES], {}, {}]),
    "nothing embedded": lambda: calling([["wine", "1"], {}, None]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_bell_is_refused(kind: str) -> None:
    make: Callable[[], bytes] = REFUSED[kind]
    assert not is_bell(make(), TASKS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(sorted(orjson.loads(message()))), json_values)
def test_whatever_stands_in_it_the_answer_is_yes_or_no(part: str, value: Any) -> None:
    try:
        spoiled = orjson.dumps(orjson.loads(message()) | {part: value})
    except TypeError:  # a number or a text that orjson does not write
        return
    assert is_bell(spoiled, TASKS) in (True, False)
