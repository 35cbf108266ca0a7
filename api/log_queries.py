"""What the routes of the prediction log are asked for, read strictly."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request

from api.prediction_list import model_and_version
from api.query_parameters import read_moment, read_parameters, refused
from shared.prediction_log.accuracy import Span
from shared.prediction_log.listing import Wanted
from shared.prediction_log.summary import LABEL_MAX_CHARS

WITHIN = ("completed_after", "completed_before")
FILTERS = ("model", "version", "status", "error_code", "cache", "label", "input_hash", *WITHIN)

_STATUSES = ("succeeded", "failed", "canceled")
_CACHE = ("miss", "hit", "joined")
_FORMS = {
    "error_code": (re.compile("[a-z][a-z0-9_]{0,31}"), "should be a code such as worker_lost"),
    "input_hash": (re.compile("[0-9a-f]{64}"), "should be 64 lower-case hex digits"),
    "label": (
        re.compile(f"[^\x00]{{1,{LABEL_MAX_CHARS}}}", re.DOTALL),
        f"should have 1 to {LABEL_MAX_CHARS} characters",
    ),
}


def read_wanted(parameters: Mapping[str, str], tenant: str) -> Wanted:
    """Raises InvalidParameter."""
    model, version = model_and_version(parameters)
    equal = {name: _formed(parameters, name) for name in _FORMS if name in parameters}
    if "label" in equal and model is None:
        raise refused("label", "says something with a `model` only")
    cache = _one_of(parameters, "cache", _CACHE)
    return Wanted(
        tenant=tenant,
        model=model,
        version=version,
        status=_one_of(parameters, "status", _STATUSES),
        equal=equal | ({"cache": cache} if cache else {}),
        since=read_moment(parameters, "completed_after"),
        until=read_moment(parameters, "completed_before"),
    )


def read_span(request: Request, tenant: str, model: str | None = None) -> tuple[Span, bool]:
    """Which predictions are to be counted, and whether by the hour; raises InvalidParameter.

    `model` is that of the path, where it names one.
    """
    own = () if model else ("model",)
    parameters = read_parameters(request, *own, "version", "by", *WITHIN)
    name, version = model_and_version({**parameters, "model": model} if model else parameters)
    if name is None:
        raise refused("model", "is missing")
    since, until = (read_moment(parameters, one) for one in WITHIN)
    hourly = _one_of(parameters, "by", ("day", "hour")) == "hour"
    return Span(tenant, name, version, since, until), hourly


def read_format(parameters: Mapping[str, str]) -> str:
    """Raises InvalidParameter."""
    return _one_of(parameters, "format", ("csv", "jsonl")) or "csv"


def identity(tenant: str, filters: Mapping[str, str]) -> tuple[str, ...]:
    """What a cursor is good for."""
    return ("prediction-log", tenant, urlencode(sorted(filters.items())))


def _formed(parameters: Mapping[str, str], name: str) -> str:
    form, detail = _FORMS[name]
    if not form.fullmatch(parameters[name]):
        raise refused(name, detail)
    return parameters[name]


def _one_of(parameters: Mapping[str, str], name: str, words: tuple[str, ...]) -> str | None:
    word = parameters.get(name)
    if word is not None and word not in words:
        raise refused(name, f"should be one of {', '.join(words)}")
    return word
