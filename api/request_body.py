"""A request's body, read strictly: JSON, or a form whose files become `data:` URIs."""

import asyncio
import re
from typing import Any

from starlette.requests import Request

from api import strict_json
from api.multipart import read_form
from shared.errors import RequestTimeout, UnsupportedEncoding, UnsupportedMediaType

READ_SECONDS = 30.0
FORM = "multipart/form-data"

_UTF8 = re.compile(r'\s*charset\s*=\s*"?utf-?8"?\s*', re.IGNORECASE)


async def read_body(request: Request) -> Any:
    """The body as one JSON value; raises RequestError."""
    _require_identity(request)
    content_type = request.headers.get("content-type", "")
    try:
        # A client that sends a byte a minute must not hold a connection for ever.
        async with asyncio.timeout(READ_SECONDS):
            if content_type.lower().startswith(FORM):
                _require_utf8(content_type)
                return await read_form(request)
            _require_json(content_type, f"application/json or {FORM}")
            return strict_json.loads(await request.body())
    except TimeoutError:
        raise too_slow() from None


def require_form(request: Request) -> None:
    """Raises RequestError unless the body should be a form."""
    _require_identity(request)
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise UnsupportedMediaType(f"a body is {FORM} here")
    _require_utf8(content_type)


async def read_json_bytes(request: Request) -> bytes:
    """The body, unread, which should be JSON; raises RequestError."""
    _require_identity(request)
    _require_json(request.headers.get("content-type", ""))
    return await read_bytes(request)


async def read_bytes(request: Request) -> bytes:
    """The body, whatever it is; raises RequestTimeout."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await request.body()
    except TimeoutError:
        raise too_slow() from None


def too_slow(seconds: float = READ_SECONDS) -> RequestTimeout:
    return RequestTimeout(f"a body is waited for {seconds:.0f} s")


def _require_identity(request: Request) -> None:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
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
