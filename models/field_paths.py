"""Whether fields that a model's config names are there, as the JSON Schema of its input tells."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_TELLING = frozenset({"type", "properties", "anyOf", "oneOf", "allOf", "const", "enum"})
"""A schema with none of these takes anything."""


def is_declared(path: str, schema: Mapping[str, Any]) -> bool:
    """Whether `patient.name` names a field that `schema` tells of; lists are gone through.

    Below what takes anything, and in a mapping of any keys, every field counts as told of. What is
    taken only because nothing forbids it does not: a name that is misspelled would be just that.
    """
    return _leads(schema, path.split("."), schema.get("$defs", {}), frozenset())


def _leads(
    schema: Any, path: Sequence[str], named: Mapping[str, Any], seen: frozenset[str]
) -> bool:
    if schema is False:
        return False
    if schema is True or not path:
        return True
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name not in seen and _leads(named[name], path, named, seen | {name})
    if not _TELLING & set(schema) or any(
        _leads(one, path, named, seen) for one in _same_place(schema)
    ):
        return True
    return any(_leads(one, path[1:], named, frozenset()) for one in _below(schema, path[0]))


def _same_place(schema: Mapping[str, Any]) -> Iterable[Any]:
    """The schemas of what stands here: alternatives, and the elements of a list."""
    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        yield from schema.get(word, ())
    if schema.get("type") == "array":
        yield schema.get("items", "prefixItems" not in schema)


def _below(schema: Mapping[str, Any], name: str) -> Iterable[Any]:
    """The schemas that a field of this name may have."""
    if name in schema.get("properties", ()):
        yield schema["properties"][name]
    elif "additionalProperties" in schema:
        yield schema["additionalProperties"]
    elif schema.get("type") == "object" and "properties" not in schema:
        yield True
    yield from schema.get("patternProperties", {}).values()
