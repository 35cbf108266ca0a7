"""The OpenAPI document: the routes as FastAPI tells them, our schemas, an example of each model."""

from collections.abc import Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from api.openapi import inference_schemas, log_schemas, overview, schemas
from api.openapi.operation import REFERENCE
from models.registry import Registry

API_VERSION = "1"

DESCRIPTION = """\
Predictions by ONNX models, through a queue. Submit an input and get an id at once; look, or wait,
until `status` is `succeeded`, `failed` or `canceled`. Every error is a problem of RFC 9457. Where
keys are asked for, send `Authorization: Bearer KEY`.
"""

KEY = {"type": "http", "scheme": "bearer", "description": "An API key; `Token KEY` is taken too."}


def document(routes: Sequence[BaseRoute], registry: Registry) -> dict[str, Any]:
    found = get_openapi(
        title="Queuecast", version=API_VERSION, description=DESCRIPTION, routes=routes
    )
    found["security"] = [{}, {"apiKey": []}]  # whether a key is asked for, the operator decides
    found["components"] = {
        "schemas": _component_schemas(),
        "securitySchemes": {"apiKey": KEY},
    }
    named = {name: {"model": name, "input": one.example} for name, one in registry.models.items()}
    many = {name: {"model": name, "inputs": [one.example]} for name, one in registry.models.items()}
    bare = {name: {"input": one.example} for name, one in registry.models.items()}
    _show(found["paths"]["/api/v1/predictions"]["post"], registry, named)
    _show(found["paths"]["/api/v1/predictions/bulk"]["post"], registry, many)
    _show(found["paths"]["/api/v1/predictions/{id}"]["put"], registry, named)
    _show(found["paths"]["/api/v1/models/{name}/predictions"]["post"], registry, bare)
    return found


def _component_schemas() -> dict[str, Any]:
    shown = [
        one
        for module in (schemas, inference_schemas, log_schemas, overview)
        for name, one in vars(module).items()
        if isinstance(one, type)
        and not name.startswith("_")
        and issubclass(one, BaseModel)
        and one.__module__ == module.__name__
    ]
    _, generated = models_json_schema(
        [(one, "serialization") for one in shown if one is not schemas.Schema],
        ref_template=REFERENCE,
    )
    found: dict[str, Any] = generated["$defs"]
    return found


def _show(operation: dict[str, Any], registry: Registry, bodies: dict[str, Any]) -> None:
    """Puts one example per model into the request body."""
    if bodies:
        operation["requestBody"]["content"]["application/json"]["examples"] = {
            name: {"summary": registry.models[name].description, "value": body}
            for name, body in bodies.items()
        }
