"""A request's body as it came, gzip or deflate taken off, within its bounds."""

import asyncio
import zlib

from starlette.requests import Request

from api.request_body import read_bytes
from shared.errors import PayloadTooLarge, RequestError, UnsupportedEncoding
from shared.settings import Settings

RATIO_MAX = 100
"""What grows more, and beyond the size of an ordinary body, is a bomb."""

_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def read_plain(request: Request, settings: Settings, largest: int) -> bytes:
    """At most `largest` bytes.

    Raises PayloadTooLarge, UnsupportedEncoding, RequestError for broken compression.
    """
    data = await read_bytes(request)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return data
    if encoding not in _WINDOWS:
        raise UnsupportedEncoding("a body is taken as it is, or with gzip or deflate")
    plain = await asyncio.to_thread(_inflated, data, _WINDOWS[encoding], largest)
    if len(plain) > max(settings.body_max_bytes, RATIO_MAX * len(data)):
        raise PayloadTooLarge(f"a body grows to at most {RATIO_MAX} times its size")
    return plain


def _inflated(data: bytes, window: int, largest: int) -> bytes:
    engine = zlib.decompressobj(window)
    try:
        plain = engine.decompress(data, largest + 1)
    except zlib.error:
        raise RequestError("the compressed body is broken") from None
    if len(plain) > largest:
        raise PayloadTooLarge(f"a body has at most {largest} bytes")
    if not engine.eof or engine.unused_data:
        raise RequestError("the compressed body is cut off, or goes on behind its end")
    return plain
