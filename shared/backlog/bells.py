"""Bells: Celery messages that say "there is work for this model version" and nothing else.

They are written here and pushed by the scripts that add and take entries, in the same step of
Redis: a bell costs no round trip of its own, and an entry that was added has rung.

The format is Celery's message protocol 2 in the envelope of kombu's Redis transport; a test
compares it with what Celery itself sends.
"""

import base64
from typing import NamedTuple
from uuid import uuid4

import orjson

from shared.domain.names import ALL_MODELS, Backlog, Keys, queue
from shared.domain.serving import Served, Serving

_ID = "\u0001"
_ID_IN_JSON = rb"\u0001"


class Bell(NamedTuple):
    """`key` holds `message` while it rings, and that goes on the list `queue`."""

    key: str
    queue: str
    message: bytes


class Bells:
    """Makes bells; `served` says which lane predicts a model."""

    def __init__(self, keys: Keys, served: Served) -> None:
        self._keys = keys
        self._served = served
        self._templates: dict[Backlog, tuple[str, str, bytes]] = {}

    def of(self, backlog: Backlog) -> Bell:
        """A bell of its own for every call: Celery tells messages apart by their ids."""
        if backlog not in self._templates:
            name = queue(backlog.stage, self._served.get(backlog.model, Serving()).lane)
            template = _template(backlog, name)
            self._templates[backlog] = self._keys.bell(backlog), self._keys.queue(name), template
        key, list_key, template = self._templates[backlog]
        return Bell(key, list_key, template.replace(_ID_IN_JSON, str(uuid4()).encode()))


def _template(backlog: Backlog, queue_name: str) -> bytes:
    """The message with a mark wherever its id belongs."""
    arguments = [] if backlog.model == ALL_MODELS else [backlog.model, backlog.version]
    nothing = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    message = {
        "body": base64.b64encode(orjson.dumps([arguments, {}, nothing])).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": backlog.stage.value,
            "id": _ID,
            "root_id": _ID,
            "parent_id": None,
            "group": None,
            "argsrepr": repr(tuple(arguments)),
            "kwargsrepr": "{}",
            "origin": "queuecast",
            "retries": 0,
            "eta": None,
            "expires": None,
            "timelimit": [None, None],
            "ignore_result": True,
        },
        "properties": {
            "correlation_id": _ID,
            "reply_to": "",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue_name},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": _ID,
        },
    }
    return orjson.dumps(message)
