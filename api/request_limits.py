"""What a request may weigh, checked before anything else reads it; how it was answered, noted.

Pure ASGI, one pass over the headers. It also names the request: `X-Request-ID` is the client's own
where that is harmless to log, else ours.
"""

import os
import re
from collections.abc import Mapping
from itertools import count
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.error_responses import problem, unexpected
from api.request_tally import RequestTally
from shared.errors import (
    HeadersTooLarge,
    PayloadTooLarge,
    QueuecastError,
    RequestError,
    UriTooLong,
)
from shared.telemetry.subject import about_request

URL_MAX_BYTES = 8 << 10
HEADERS_MAX_BYTES = 16 << 10
HEADERS_MAX = 100

_ON_EVERY_ANSWER = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestLimits:
    """Outermost: what it refuses has cost no more than its headers."""

    def __init__(
        self,
        app: ASGIApp,
        body_max_bytes: int,
        larger: Mapping[str, int] | None = None,
        tally: RequestTally | None = None,
        prefix: str = "",
    ) -> None:
        """`larger` has the paths, and the last parts of paths, whose bodies may be larger.

        `prefix` is the path below which a proxy serves us, as in `/ml`.
        """
        self._app = app
        self._tally = tally
        self._body_max_bytes = body_max_bytes
        self._larger = larger or {}
        self._prefix = prefix
        self._ids_begin = os.urandom(6).hex()
        self._numbers = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Headers(scope["headers"])
        request_id = seen.request_id or f"{self._ids_begin}-{next(self._numbers)}"
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["prefix"] = self._prefix
        about_request(request_id)
        answer = _Answer(send, request_id, scope, self._tally)
        try:
            body_max_bytes = self._bound(scope["path"])
            _check(scope, seen, body_max_bytes)
            if seen.chunked:
                receive = _counted(receive, body_max_bytes)
            await self._app(scope, receive, answer.send)
        except QueuecastError as error:
            await problem(scope, error)(scope, receive, answer.send)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:
            response = unexpected(scope, error)
            if answer.started:
                raise  # the server cuts the connection: half an answer must not look whole
            await response(scope, receive, answer.send)

    def _bound(self, path: str) -> int:
        last = path[path.rfind("/") :]
        return self._larger.get(path) or self._larger.get(last) or self._body_max_bytes


class _Headers:
    """What one pass over the headers tells."""

    __slots__ = ("chunked", "content_length", "number", "request_id", "size")

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.number = len(headers)
        self.size = 0
        self.content_length: int | None = None
        self.chunked = False
        self.request_id: str | None = None
        for name, value in headers:
            self.size += len(name) + len(value)
            if name == b"content-length":
                self.content_length = int(value) if value.isdigit() else None
            elif name == b"transfer-encoding":
                self.chunked = True
            elif name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
                self.request_id = value.decode()


def _check(scope: Scope, seen: _Headers, body_max_bytes: int) -> None:
    if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > URL_MAX_BYTES:
        raise UriTooLong(f"a URL has at most {URL_MAX_BYTES} bytes")
    if seen.size > HEADERS_MAX_BYTES or seen.number > HEADERS_MAX:
        limits = f"{HEADERS_MAX} headers and {HEADERS_MAX_BYTES} bytes"
        raise HeadersTooLarge(f"a request has at most {limits} of them")
    if seen.chunked and seen.content_length is not None:
        # Two parsers may disagree about where such a body ends: request smuggling.
        raise RequestError("Content-Length and Transfer-Encoding exclude each other")
    if seen.content_length is not None and seen.content_length > body_max_bytes:
        raise _too_large(body_max_bytes)


class _Answer:
    """Passes the answer on with the headers that every answer has."""

    __slots__ = ("_begun", "_request_id", "_scope", "_send", "_tally", "started")

    def __init__(
        self, send: Send, request_id: str, scope: Scope, tally: RequestTally | None
    ) -> None:
        self._send = send
        self._request_id = request_id
        self._scope = scope
        self._tally = tally
        self._begun = perf_counter()
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            request_id = (b"x-request-id", self._request_id.encode())
            message["headers"] = [*message["headers"], request_id, *_ON_EVERY_ANSWER]
            if self._tally is not None:
                self._tally.note(self._scope, message["status"], perf_counter() - self._begun)
        await self._send(message)


def _counted(receive: Receive, max_bytes: int) -> Receive:
    """A body of unannounced length, cut off where it grows too large."""
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > max_bytes:
            raise _too_large(max_bytes)
        return message

    return counting


def _too_large(max_bytes: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"a body has at most {max_bytes} bytes")
