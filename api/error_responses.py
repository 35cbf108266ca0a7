"""One handler renders the error tree, and the framework's own errors, as problems (RFC 9457)."""

import math
import re
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from shared.errors import (
    InvalidInput,
    InvalidParameter,
    MethodNotAllowed,
    NotFound,
    QueuecastError,
    RequestError,
)

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
INFERENCE_PROTOCOL = re.compile("/v[12](/|$)")
INSTANCE_MAX_CHARS = 256

PROBLEM_PAGE = "problem_page"
"""What renders the errors of a request that asks for a page, in the request's state."""

Problem = dict[str, Any]


def install(app: FastAPI) -> None:
    for kind in (QueuecastError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer)


def problem(
    scope: Scope,
    error: QueuecastError,
    allow: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """The answer that tells of `error`; nothing that was sent is repeated but the path.

    `more` has members of its own. A page of the web tells it as a page.
    """
    if page := scope["state"].get(PROBLEM_PAGE):
        found: Response = page(scope, error)
        return found
    content = problem_members(error, scope) | {
        "instance": scope["path"][:INSTANCE_MAX_CHARS],
        "request_id": scope["state"]["request_id"],
        **(more or {}),
    }
    headers = {**error.headers, **({"Allow": allow} if allow else {})}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after_seconds))
    if INFERENCE_PROTOCOL.match(scope["path"]):
        # Its clients decode this type only, read `error`, and know no 422.
        status = RequestError.status if error.status == InvalidInput.status else error.status
        content |= {"status": status, "error": error.detail}
        return Response(orjson.dumps(content), status, headers, "application/json")
    return Response(orjson.dumps(content), error.status, headers, MEDIA_TYPE)


def problem_members(error: QueuecastError, scope: Scope) -> Problem:
    """What a problem says of the error itself, whatever the request was."""
    content: Problem = {
        "type": f"{scope['state'].get('prefix', '')}/problems/{error.type}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    if error.errors:
        content["errors"] = [
            {"pointer": field.pointer, "detail": field.detail} for field in error.errors
        ]
    return content


def unexpected(scope: Scope, error: Exception) -> Response:
    return problem(scope, unexpected_error(scope, error))


def unexpected_error(scope: Scope, error: Exception) -> QueuecastError:
    """500 without a word about the cause: that stands in the log, under the request's id."""
    log.error("request_failed", path=scope["path"], exc_info=error)
    return QueuecastError("something went wrong on our side; it was logged")


async def _answer(request: Request, error: Exception) -> Response:
    if isinstance(error, QueuecastError):
        if error.type == QueuecastError.type:
            return unexpected(request.scope, error)  # raised where no request should meet it
        return problem(request.scope, error)
    status = getattr(error, "status_code", None)
    if status == MethodNotAllowed.status:
        allow = _allowed_methods(request)
        return problem(request.scope, MethodNotAllowed(f"this path takes {allow}"), allow)
    if status == NotFound.status:
        return problem(request.scope, NotFound("there is nothing at this path"))
    if isinstance(error, RequestValidationError):
        return problem(request.scope, InvalidParameter("a parameter is not valid"))
    return problem(request.scope, RequestError("the request cannot be understood"))


def _allowed_methods(request: Request) -> str:
    """Of all routes of this path: the framework names only the first one's."""
    methods: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return ", ".join(sorted(methods))
