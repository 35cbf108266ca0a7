import base64
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.backlog.control_check import CONTROL_MAX_BYTES, is_control

PING = {"method": "ping", "arguments": {}, "destination": None}


def message(command: object = PING, **changes: object) -> dict[str, Any]:
    """In kombu's envelope."""
    body = base64.b64encode(orjson.dumps(command)).decode()
    properties = {"delivery_tag": "t", "delivery_info": {}, "body_encoding": "base64"}
    whole = {"body": body, "content-type": "application/json", "headers": {"clock": 7}}
    return whole | {"properties": properties} | changes


def test_a_command_is_one_whomever_it_is_for() -> None:
    reply_to = {"exchange": "reply.celery.pidbox", "routing_key": "r"}
    for more in ({}, {"destination": ["a@b"]}, {"reply_to": reply_to, "ticket": "t"}):
        assert is_control(orjson.dumps(message(PING | more)))


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        None,
        message({"method": 5}),
        message(PING | {"arguments": [1]}),
        message(PING | {"destination": [1]}),
        message(PING | {"reply_to": {"exchange": "x"}}),
        message([PING]),
        message(headers=None),
        message(headers={"clock": "x"}),
        message(properties={}),
        message(body="%"),
        message(**{"content-type": "application/x-python-serialize"}),
        message(PING | {"arguments": {"x": "x" * CONTROL_MAX_BYTES}}),
    ],
)
def test_what_is_no_command_is_refused(wrong: object) -> None:
    assert not is_control(orjson.dumps(wrong))


@given(st.binary())
def test_whatever_it_is_the_answer_is_yes_or_no(anything: bytes) -> None:
    assert is_control(anything) is False
