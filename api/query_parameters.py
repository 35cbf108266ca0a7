"""Query parameters, read strictly: one that is unknown or comes twice is refused, never ignored."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from urllib.parse import parse_qsl

from starlette.requests import Request

from shared.errors import FieldError, InvalidParameter

PAGE_DEFAULT = 20
PAGE_MAX = 100

_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+ -]\d\d:\d\d)", re.ASCII
)
_AS_A_MOMENT = "should be a moment with its zone, such as 2026-01-02T12:00:00Z"


def read_parameters(request: Request, *known: str) -> Mapping[str, str]:
    """What came after the question mark; raises InvalidParameter."""
    query: bytes = request.scope["query_string"]
    if not query:
        return {}
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise InvalidParameter("a parameter should come once")
    if not parameters.keys() <= set(known):
        raise InvalidParameter(f"this path takes the parameters {', '.join(known) or '(none)'}")
    return parameters


def read_limit(parameters: Mapping[str, str]) -> int:
    """How many results of a list are wanted."""
    text = parameters.get("limit", str(PAGE_DEFAULT))
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= PAGE_MAX):
        raise refused("limit", f"should be a whole number from 1 to {PAGE_MAX}")
    return int(text)


def read_seconds(parameters: Mapping[str, str], name: str, at_most: float) -> float:
    """A duration, 0 when it is not given; more than `at_most` counts as that much."""
    text = parameters.get(name, "0")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if "_" in text or not isfinite(seconds) or seconds < 0:
        raise refused(name, "should be a number of seconds, 0 or more")
    return min(seconds, at_most)


def read_moment(parameters: Mapping[str, str], name: str) -> datetime | None:
    """A moment of RFC 3339, None when it is not given."""
    text = parameters.get(name)
    if text is None:
        return None
    if not _MOMENT.fullmatch(text):
        raise refused(name, _AS_A_MOMENT)
    try:
        # A plus sign that was not encoded arrives as a space.
        return datetime.fromisoformat(text.replace(" ", "+").upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise refused(name, _AS_A_MOMENT) from None


def refused(name: str, detail: str) -> InvalidParameter:
    """In `errors[]` a parameter is named where a field would have its pointer."""
    return InvalidParameter(f"{name}: {detail}", errors=[FieldError(name, detail)])
