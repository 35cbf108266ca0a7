"""The `Prefer` header (RFC 7240): `wait` and `respond-async`, among others that are ignored."""

import re
from collections.abc import Iterator

from starlette.requests import Request

from api.headers import headers

# Nothing here goes back over what it has passed: a header of 16 KiB took seconds.
_QUOTED = r'"((?>(?:[^"\\]|\\.)*))"'

# A preference, then its parameters, which none of ours has; a comma in quotes separates nothing.
_PREFERENCE = re.compile(
    rf'\s*+([^\s=;,"]++)\s*+(?>(?:=\s*+(?:{_QUOTED}|([^\s;,"]*+)))?)\s*+'
    rf'(?>(?:;(?>(?:[^,"]|{_QUOTED})*))?)(?:,|$)'
)
_ANYTHING = re.compile(rf'(?>(?:[^,"]|{_QUOTED}|".*)*)(?:,|$)')  # a quote left open: all the rest


def wanted_wait(request: Request, longest: float) -> float:
    """How many seconds the answer to a submit may wait for the end of the job; 0 without it.

    A bare `wait` is as long as possible, a value that is no number asks for nothing. Beside it
    `respond-async` changes nothing: what has not ended by then is answered 202 in any case. Of a
    preference that comes twice the first counts, as the RFC says.
    """
    found: dict[str, str | None] = {}
    for header in headers(request, b"prefer"):
        for name, value in _preferences(header):
            found.setdefault(name, value)
    if "wait" not in found:
        return 0.0
    value = found["wait"]
    if value is None or value == "":
        return longest
    return min(float(value), longest) if value.isascii() and value.isdecimal() else 0.0


def _preferences(header: str) -> Iterator[tuple[str, str | None]]:
    """Names and values in their order; what is no preference is passed over."""
    position = 0
    while position < len(header):
        match = _PREFERENCE.match(header, position)
        if match is not None:
            yield match[1].lower(), match[3] if match[2] is None else match[2]
        passed = match or _ANYTHING.match(header, position)
        position = passed.end() if passed else len(header)
