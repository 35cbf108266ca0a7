"""A request's body, read strictly: JSON, or a form whose files become `data:` URIs."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from api import strict_json
from api.headers import header
from api.http_protocol import WHOLE
from api.multipart import read_form
from shared.errors import RequestTimeout, UnsupportedEncoding, UnsupportedMediaType

READ_SECONDS = 30.0
FORM = "multipart/form-data"

T = TypeVar("T")

_JSON_OR_FORM = f"application/json or {FORM}"

_UTF8 = re.compile(r'\s*charset\s*=\s*"?utf-?8"?\s*', re.IGNORECASE)


async def read_body(request: Request) -> Any:
    """The body as one JSON value; raises RequestError."""
    _require_identity(request)
    content_type = header(request, b"content-type") or ""
    if content_type.lower().startswith(FORM):
        _require_utf8(content_type)
        return await _in_time(read_form(request))
    _require_json(content_type, _JSON_OR_FORM)
    return strict_json.loads(await read_bytes(request))


def require_form(request: Request) -> None:
    """Raises RequestError unless the body should be a form."""
    _require_identity(request)
    content_type = header(request, b"content-type") or ""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise UnsupportedMediaType(f"a body is {FORM} here")
    _require_utf8(content_type)


async def read_json_bytes(request: Request) -> bytes:
    """The body, unread, which should be JSON; raises RequestError."""
    _require_identity(request)
    _require_json(header(request, b"content-type") or "")
    return await read_bytes(request)


async def read_bytes(request: Request) -> bytes:
    """The body, whatever it is; raises RequestTimeout."""
    if WHOLE in request.scope.get("state", ()):
        return await _read(request.receive)
    return await _in_time(_read(request.receive))


def too_slow(seconds: float = READ_SECONDS) -> RequestTimeout:
    return RequestTimeout(f"a body is waited for {seconds:.0f} s")


async def _in_time(reading: Coroutine[Any, Any, T]) -> T:
    """A client that sends a byte a minute must not hold a connection for ever."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await reading
    except TimeoutError:
        raise too_slow() from None


async def _read(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _require_identity(request: Request) -> None:
    encoding = header(request, b"content-encoding")
    if encoding is not None and encoding.lower() != "identity":
        raise UnsupportedEncoding("a body is taken without Content-Encoding")


def _require_json(content_type: str, taken: str = "application/json") -> None:
    if content_type == "application/json":
        return
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType(f"a body is {taken}")
    _require_utf8(content_type)


def _require_utf8(content_type: str) -> None:
    """Some other charsets make text that is none, such as half of a surrogate pair."""
    parameters = content_type.split(";")[1:]
    charsets = [one for one in parameters if one.strip().lower().startswith("charset")]
    if not all(_UTF8.fullmatch(one) for one in charsets):
        raise UnsupportedMediaType("a body is taken in UTF-8")
