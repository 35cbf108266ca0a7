"""A model's form, made from the JSON Schema of its input."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIELDS_MAX = 60
"""A form of more fields is no form: such an input is written as JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `kind` is image, number, choice, flag, text or json."""

    name: str
    kind: str
    label: str
    hint: str
    required: bool
    value: Any
    minimum: float | None = None
    maximum: float | None = None
    step: str = "any"
    choices: tuple[Any, ...] = ()


def fields_of(schema: Mapping[str, Any], example: Any) -> list[Field]:
    """Empty where the input is better written as JSON."""
    properties = schema.get("properties") or {}
    if not isinstance(example, Mapping) or not 0 < len(properties) <= FIELDS_MAX:
        return []
    needed = frozenset(schema.get("required", ()))
    return [
        _field(name, one, name in needed, example.get(name)) for name, one in properties.items()
    ]


def _field(name: str, schema: Mapping[str, Any], required: bool, value: Any) -> Field:
    kind = _kind(schema)
    return Field(
        name,
        kind,
        name.replace("_", " "),
        _hint(name, schema.get("description", "")),
        required,
        value,
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        step="1" if schema.get("type") == "integer" else "any",
        choices=tuple(schema.get("enum", ())),
    )


def _hint(name: str, description: str) -> str:
    """The description, without the name that stands above it anyway."""
    label = name.replace("_", " ")
    if description.lower().startswith(f"{label}, "):
        return description[len(label) + 2 :].removesuffix(".")
    return description


def _kind(schema: Mapping[str, Any]) -> str:
    if "data:image" in schema.get("pattern", ""):
        return "image"
    if schema.get("enum") and all(isinstance(one, str) for one in schema["enum"]):
        return "choice"
    simple = {"number": "number", "integer": "number", "boolean": "flag", "string": "text"}
    wanted = schema.get("type")
    return simple.get(wanted, "json") if isinstance(wanted, str) else "json"
