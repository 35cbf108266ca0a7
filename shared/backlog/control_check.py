"""Whether a message is one of Celery's control commands, as `celery inspect` and Flower send them.

They reach all workers at once, and what has not their form ends or blocks each that reads it.
"""

import base64
from typing import Any

import orjson

CONTROL_MAX_BYTES = 64 << 10


def is_control(message: bytes) -> bool:
    """Whether it has the form that kombu relies on; what it commands is another matter."""
    if len(message) > CONTROL_MAX_BYTES:
        return False
    try:
        read = orjson.loads(message)
        command = orjson.loads(base64.b64decode(read["body"], validate=True))
        return _is_delivered(read) and _commands(command)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def _is_delivered(read: dict[str, Any]) -> bool:
    properties = read["properties"]
    return (
        read["content-type"] == "application/json"
        and isinstance(read["headers"].get("clock", 0), int)
        and isinstance(properties["delivery_tag"], str)
        and isinstance(properties["delivery_info"], dict)
        and properties["body_encoding"] == "base64"
    )


def _commands(command: dict[str, Any]) -> bool:
    reply_to = command.get("reply_to") or {"exchange": "", "routing_key": ""}
    named = all(isinstance(one, str) for one in command.get("destination") or [])
    return (
        isinstance(command["method"], str)
        and isinstance(command.get("arguments") or {}, dict)
        and isinstance(command.get("destination") or [], list)
        and named
        and isinstance(reply_to["exchange"], str)
        and isinstance(reply_to["routing_key"], str)
    )
