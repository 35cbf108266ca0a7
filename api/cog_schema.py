"""A version's schemas as Cog writes them: one OpenAPI document with `Input` and `Output`."""

from typing import Any

import orjson

from models.registry import Model, Version

WHERE = "#/components/schemas/"


def cog_schema(model: Model, version: Version) -> dict[str, Any]:
    """What a client of Cog's models looks for its fields in; no operation is in it."""
    schemas = _flat("Input", model.input_schema(version))
    schemas |= _flat("Output", model.output_schema(version))
    return {
        "openapi": "3.1.0",
        "info": {"title": version.reference, "version": version.version},
        "paths": {},
        "components": {"schemas": schemas},
    }


def _flat(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema and its parts side by side: Replicate's client follows no reference further."""
    moved = f'"{WHERE}{name}.'.encode()
    whole = orjson.loads(orjson.dumps(schema).replace(b'"#/$defs/', moved))
    parts = {f"{name}.{part}": one for part, one in whole.pop("$defs", {}).items()}
    return {name: whole} | parts
