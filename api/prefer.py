"""The `Prefer` header (RFC 7240): `wait` and `respond-async`, among others that are ignored."""

import re

from starlette.requests import Request

# A preference, then its parameters, which none of ours has.
_PREFERENCE = re.compile(r'\s*([^\s=;,"]+)\s*(?:=\s*(?:"([^"]*)"|([^\s;,"]*)))?\s*(?:;[^,]*)?\s*')


def wanted_wait(request: Request, longest: float) -> float:
    """How many seconds the answer to a submit may wait for the end of the job; 0 without it.

    A bare `wait` is as long as possible, a value that is no number asks for nothing. Beside it
    `respond-async` changes nothing: what has not ended by then is answered 202 in any case. Of a
    preference that comes twice the first counts, as the RFC says.
    """
    found: dict[str, str | None] = {}
    for header in request.headers.getlist("prefer"):
        for part in header.split(","):
            if match := _PREFERENCE.fullmatch(part):
                value = match[2] if match[2] is not None else match[3]
                found.setdefault(match[1].lower(), value)
    if "wait" not in found:
        return 0.0
    value = found["wait"]
    if value is None or value == "":
        return longest
    return min(float(value), longest) if value.isascii() and value.isdecimal() else 0.0
