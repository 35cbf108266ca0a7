"""The `Idempotency-Key` header (IETF draft 07): a structured-field string, or the bare text."""

import re

from starlette.requests import Request

from api.headers import headers
from shared.errors import InvalidIdempotencyKey

HEADER = b"idempotency-key"
MAX_CHARS = 255

_PRINTABLE = re.compile(r"[ -~]+")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')


def read_key(request: Request) -> str | None:
    """The key, None without the header; raises InvalidIdempotencyKey."""
    values = headers(request, HEADER)
    if not values:
        return None
    if len(values) > 1:
        raise InvalidIdempotencyKey("the header should come once")
    key = values[0]
    if key.startswith('"'):
        key = _unquoted(key)
    if not _PRINTABLE.fullmatch(key) or len(key) > MAX_CHARS:
        raise InvalidIdempotencyKey(f"a key is 1 to {MAX_CHARS} printable ASCII characters")
    return key


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        raise InvalidIdempotencyKey("a key that opens with a quote should be a quoted string")
    return re.sub(r'\\(["\\])', r"\1", quoted[1])
