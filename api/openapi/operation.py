"""Builds the keyword arguments that describe one route to FastAPI."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from shared.errors import (
    BadHost,
    Forbidden,
    HeadersTooLarge,
    LengthRequired,
    QueuecastError,
    RateLimited,
    RequestError,
    Unauthorized,
    Unavailable,
    UriTooLong,
)

Problems = tuple[type[QueuecastError], ...]

ANYWHERE: Problems = (RequestError, BadHost, UriTooLong, HeadersTooLarge, QueuecastError)
KEYED: Problems = (Unauthorized, Forbidden, RateLimited, Unavailable)
"""Where a key is asked for, and tenants have limits."""

REFERENCE = "#/components/schemas/{model}"


def operation(
    name: str,
    summary: str,
    *,
    tag: str,
    answers: Mapping[int, tuple[str, type[BaseModel]]],
    problems: Problems = (),
    parameters: Sequence[dict[str, Any]] = (),
    body: dict[str, Any] | None = None,
    keyed: bool = True,
) -> dict[str, Any]:
    """`answers` by status, the usual one first; `problems` besides those of any route.

    An operation that is not `keyed` never asks for a key.
    """
    responses = {status: _answer(*answer) for status, answer in answers.items()}
    met = (*ANYWHERE, *(KEYED if keyed else ()), *((LengthRequired,) if body else ()), *problems)
    responses |= _problems(met)
    extra: dict[str, Any] = {"parameters": list(parameters)} if parameters else {}
    if body is not None:
        extra["requestBody"] = body
    if not keyed:
        extra["security"] = []
    return {
        "operation_id": name,
        "summary": summary,
        "tags": [tag],
        "status_code": next(iter(answers)),
        "response_class": Response,
        "response_description": answers[next(iter(answers))][0],
        "responses": responses,
        "openapi_extra": extra,
    }


def parameter(name: str, where: str, description: str, **schema: Any) -> dict[str, Any]:
    """One in the path is required, all others are not."""
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "description": description,
        "schema": {"type": "string", **schema},
    }


def json_content(schema: type[BaseModel]) -> dict[str, Any]:
    reference = REFERENCE.format(model=schema.__name__)
    return {"application/json": {"schema": {"$ref": reference}}}


def _answer(description: str, schema: type[BaseModel]) -> dict[str, Any]:
    return {"description": description, "content": json_content(schema)}


def _problems(problems: Problems) -> dict[int, dict[str, Any]]:
    """By status; the description names the problem types that it may carry."""
    types: dict[int, list[str]] = {}
    for problem in dict.fromkeys(problems):
        types.setdefault(problem.status, []).append(f"`{problem.type}`")
    schema = {"$ref": REFERENCE.format(model="Problem")}
    content = {"application/problem+json": {"schema": schema}}
    return {
        status: {"description": ", ".join(types[status]), "content": content}
        for status in sorted(types)
    }


ID = parameter("id", "path", "The prediction's id.", format="uuid")
_NAME = r"[a-z0-9](\.?[a-z0-9_-])*\.?"
"""What may name a model or a version: no two dots stand side by side."""

NAMED = {"pattern": f"^{_NAME}$", "maxLength": 64}
NAMED_VERSION = {"pattern": f"^{_NAME}:{_NAME}$", "maxLength": 129}

MODEL = parameter("name", "path", "A model's name.", **NAMED)
LIMIT = parameter(
    "limit", "query", "Results on a page.", type="integer", minimum=1, maximum=100, default=20
)
CURSOR = parameter("cursor", "query", "From `next` or `previous` of the same list.")
