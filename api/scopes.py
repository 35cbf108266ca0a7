"""What a key must allow for each request: one table, in which the first match counts.

What stands in no line asks for `admin`, so a route that is forgotten here is closed to most.
"""

import re
from typing import NamedTuple

from shared.access.principal import Scope

OPEN = re.compile(r"/health/.*|/v2/health/.*|/problems(/.*)?|/sign-in")
"""Asks for no key: whether it lives, and what an error means that anybody may have met."""

SUBMITS = re.compile(
    r"/api/v1/predictions(/bulk|/[^/]+)?|/api/v1/models/.+/predictions"
    r"|/v2/models/.+/infer|/v1/models/[^/]+:predict"
)
"""With `POST` or `PUT` it asks for another job."""


class _Rule(NamedTuple):
    methods: tuple[str, ...]
    paths: re.Pattern[str]
    scope: Scope


WATCHED = "/health/system"

_RULES = (
    _Rule(("GET", "HEAD"), re.compile(WATCHED), Scope.ADMIN),
    _Rule(("POST",), re.compile(r"/api/v1/predictions(/bulk|/[^/]+/cancel)?"), Scope.PREDICT),
    _Rule(
        ("GET", "HEAD"),
        re.compile(r"/api/v1/(predictions|models|files|deliveries|prediction-log|overview)(/.*)?"),
        Scope.READ,
    ),
    _Rule(("PUT",), re.compile(r"/api/v1/predictions/[^/]+"), Scope.PREDICT),
    _Rule(("POST",), re.compile(r"/api/v1/models/.+/predictions"), Scope.PREDICT),
    _Rule(("POST",), re.compile(r"/api/v1/deliveries/[^/]+/replay"), Scope.PREDICT),
    _Rule(
        ("POST",),
        re.compile(r"/api/v1/(predictions/[^/]+|prediction-log)/feedback"),
        Scope.PREDICT,
    ),
    _Rule(("POST", "DELETE"), re.compile(r"/api/v1/files(/[^/]+)?"), Scope.PREDICT),
    _Rule(("POST",), re.compile(r"/v2/models/.+/infer|/v1/models/[^/]+:predict"), Scope.PREDICT),
    _Rule(("POST",), re.compile(r"/v2/repository/index"), Scope.READ),
    _Rule(("GET", "HEAD"), re.compile(r"/v2(/models/.+)?|/v1/models(/.+)?"), Scope.READ),
    _Rule(
        ("GET", "HEAD"),
        re.compile(r"/|/docs|/openapi\.json|/overview|/(jobs|models)(/[^/]+)?|/prediction-log"),
        Scope.READ,
    ),
    _Rule(("POST",), re.compile(r"/sign-out"), Scope.READ),
)


def needed_scope(method: str, path: str) -> Scope | None:
    """None: this path asks for no key."""
    for methods, paths, scope in _RULES:
        if method in methods and paths.fullmatch(path):
            return scope
    return None if OPEN.fullmatch(path) else Scope.ADMIN
