"""From an HTTP response to a typed result or a typed error."""

from collections.abc import Mapping
from typing import Any, TypeVar

import httpx2
from pydantic import ValidationError

from queuecast import errors
from queuecast.results import Result
from queuecast.retries import retry_after_seconds

R = TypeVar("R", bound=Result)

_BY_TYPE: dict[str, type[errors.ApiError]] = {
    "model-not-found": errors.ModelNotFound,
    "version-not-found": errors.ModelNotFound,
    "idempotency-mismatch": errors.IdMismatch,
    "invalid-input": errors.InvalidInput,
    "unknown-field": errors.InvalidInput,
    "shape-mismatch": errors.InvalidInput,
    "invalid-image": errors.InvalidInput,
    "image-too-large": errors.InvalidInput,
    "unsupported-image": errors.InvalidInput,
    "input-too-large": errors.InvalidInput,
}
_BY_STATUS: dict[int, type[errors.ApiError]] = {
    401: errors.NotAuthorized,
    403: errors.NotAuthorized,
    404: errors.NotFound,
    429: errors.RateLimited,
    **dict.fromkeys((400, 413, 415, 422), errors.InvalidRequest),
    **dict.fromkeys((502, 503, 504, 507), errors.Unavailable),
}


def read(response: httpx2.Response, kind: type[R]) -> R:
    """The body as a `kind`; raises UnexpectedAnswer when it is none."""
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]["msg"]
        message = f"{_asked(response)}: the answer is no {kind.__name__} of Queuecast ({first})"
        raise errors.UnexpectedAnswer(message) from error


def read_json(response: httpx2.Response) -> Any:
    """The body as plain data; raises UnexpectedAnswer when it is no JSON."""
    try:
        return response.json()
    except ValueError as error:
        raise errors.UnexpectedAnswer(f"{_asked(response)}: the answer is no JSON") from error


def check(response: httpx2.Response) -> httpx2.Response:
    """The response when it is a success; else raises the ApiError that it tells of."""
    if response.is_success:
        return response
    if response.status_code < 400:
        target = response.headers.get("location", "elsewhere")
        raise errors.UnexpectedAnswer(f"HTTP {response.status_code}: the server points to {target}")
    raise refusal(_problem(response) | {"status": response.status_code}, response)


def _asked(response: httpx2.Response) -> str:
    return f"{response.request.method} {response.request.url.path}"


def refusal(problem: Mapping[str, Any], response: httpx2.Response) -> errors.ApiError:
    """The error that `problem` tells of, which is all of the response or a part of it."""
    told = problem.get("status")
    status = told if isinstance(told, int) else response.status_code
    word = str(problem.get("type", "about:blank")).rpartition("/")[2]
    fields = [
        errors.FieldError(str(field.get("pointer", "")), str(field.get("detail", "")))
        for field in problem.get("errors") or ()
        if isinstance(field, dict)
    ]
    title = str(problem.get("title") or f"HTTP {status} {response.reason_phrase}")
    return _kind(status, word, fields)(
        status=status,
        type=word,
        title=title,
        detail=str(problem.get("detail") or title),
        errors=fields,
        request_id=problem.get("request_id") or response.headers.get("x-request-id"),
        retry_after_seconds=retry_after_seconds(response),
    )


def _problem(response: httpx2.Response) -> dict[str, Any]:
    try:
        problem = response.json()
    except ValueError:
        return {}  # a proxy's HTML page: its status says all that is worth telling
    return problem if isinstance(problem, dict) else {}


def _kind(status: int, word: str, fields: list[errors.FieldError]) -> type[errors.ApiError]:
    kind = _BY_TYPE.get(word) or _BY_STATUS.get(status, errors.ApiError)
    if kind is errors.InvalidRequest and any(f.pointer.startswith("/input") for f in fields):
        return errors.InvalidInput
    return kind
