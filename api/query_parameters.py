"""Query parameters, read strictly: one that is unknown or comes twice is refused, never ignored."""

from collections.abc import Mapping
from math import isfinite

from starlette.requests import Request

from shared.errors import FieldError, InvalidParameter

PAGE_DEFAULT = 20
PAGE_MAX = 100


def read_parameters(request: Request, *known: str) -> Mapping[str, str]:
    """What came after the question mark; raises InvalidParameter."""
    if not request.scope["query_string"]:
        return {}
    pairs = request.query_params.multi_items()
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


def refused(name: str, detail: str) -> InvalidParameter:
    """In `errors[]` a parameter is named where a field would have its pointer."""
    return InvalidParameter(f"{name}: {detail}", errors=[FieldError(name, detail)])
