"""Whether a message is a bell: whatever lies on a queue, by mistake or on purpose, stops nobody.

Celery and kombu trust a message's form: text that is no JSON ends the worker that reads it, a
message without an id makes it reconnect for ever. So each is looked at before they see it.
"""

import base64
from collections.abc import Container
from typing import Any

import orjson

BELL_MAX_BYTES = 16 << 10
"""Ours have about one KiB; what is larger is not even read."""

_FIXED = {"content-type": "application/json", "content-encoding": "utf-8"}
_NO_DELAYS = ("eta", "expires")


def is_bell(message: bytes, tasks: Container[str]) -> bool:
    """Whether it rings for one of `tasks`, now, and has the form that Celery relies on."""
    if len(message) > BELL_MAX_BYTES:
        return False
    try:
        read = orjson.loads(message)
        called = orjson.loads(base64.b64decode(read["body"], validate=True))
        return (
            _FIXED.items() <= read.items()
            and _rings(read["headers"], tasks)
            and _is_delivered(read["properties"])
            and _is_call(called)
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def names(bell: bytes) -> list[str]:
    """Model and version that a bell names; nothing where it rings for all."""
    arguments: list[str] = orjson.loads(base64.b64decode(orjson.loads(bell)["body"]))[0]
    return arguments


def _rings(headers: dict[str, Any], tasks: Container[str]) -> bool:
    named = isinstance(headers["id"], str) and isinstance(headers["task"], str)
    waits = any(headers.get(name) is not None for name in _NO_DELAYS)
    limits = headers.get("timelimit") in (None, [None, None])
    again = type(headers.get("retries", 0)) is not int
    return named and headers["task"] in tasks and not waits and limits and not again


def _is_delivered(properties: dict[str, Any]) -> bool:
    """Its tag and place are read before the task is."""
    return (
        isinstance(properties["delivery_tag"], str)
        and isinstance(properties["delivery_info"]["routing_key"], str)
        and isinstance(properties["delivery_info"].get("exchange", ""), str)
        and properties["body_encoding"] == "base64"
    )


def _is_call(called: Any) -> bool:
    """Names and nothing else: no options, no callbacks."""
    arguments, options, embedded = called
    callbacks = embedded.values() if isinstance(embedded, dict) else (called,)
    return (
        isinstance(arguments, list)
        and all(isinstance(one, str) for one in arguments)
        and options == {}
        and not any(callbacks)
    )
