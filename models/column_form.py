"""Tensors of a model with a contract: [rows, columns], one job for each row.

`contract.py` may say which fields stand in which tensor (`TENSORS`). Without, each field is a
tensor of one column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from models.tensor_form import Flat
from models.tensor_spec import TensorSpec
from models.versions import Version

ROWS_MAX = 1000
_DTYPES = {"number": "float64", "integer": "int64", "boolean": "bool", "string": "string"}


@dataclass(frozen=True)
class Tensor:
    """`of` is the field of each column; `probabilities.barolo` is one within another.

    `dtype` is numpy's name, or `string`; `file`: a URI in the input, on the wire that or the
    file's bytes; `json`: any value, on the wire its JSON. What is `optional` may be left out.
    """

    name: str
    dtype: str
    of: Sequence[str]
    optional: bool = False

    @property
    def spec(self) -> TensorSpec:
        return TensorSpec(self.name, self.dtype, ("rows", len(self.of)))


@dataclass(frozen=True)
class Tensors:
    """What a `contract.py` declares as `TENSORS`."""

    inputs: Sequence[Tensor]
    outputs: Sequence[Tensor]


class ColumnForm:
    """The same for all versions of a model."""

    rows_max = ROWS_MAX

    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self.elements_max = ROWS_MAX * sum(len(tensor.of) for tensor in tensors.inputs)
        self.optional = frozenset(tensor.name for tensor in tensors.inputs if tensor.optional)
        self._inputs = tuple(tensor.spec for tensor in tensors.inputs)
        self._outputs = tuple(tensor.spec for tensor in tensors.outputs)

    def inputs(self, _version: Version) -> tuple[TensorSpec, ...]:
        return self._inputs

    def outputs(self, _version: Version) -> tuple[TensorSpec, ...]:
        return self._outputs

    def split(self, _version: Version, tensors: Mapping[str, Flat]) -> list[Any]:
        rows = next(iter(tensors.values())).shape[0]
        inputs: list[dict[str, Any]] = [{} for _ in range(rows)]
        for tensor in self._tensors.inputs:
            if tensor.name not in tensors:
                continue
            columns, elements = len(tensor.of), tensors[tensor.name].elements
            for place, element in enumerate(elements):
                row, column = divmod(place, columns)
                _put(inputs[row], tensor.of[column], element)
        return inputs

    def join(self, _version: Version, outputs: Sequence[Any]) -> dict[str, Flat]:
        return {
            tensor.name: Flat(
                (len(outputs), len(tensor.of)),
                [_given(tensor.dtype, find(each, of)) for each in outputs for of in tensor.of],
            )
            for tensor in self._tensors.outputs
        }

    def named(self, _version: Version, pointer: str) -> str:
        field = pointer.removeprefix("/input/").replace("/", ".")
        for tensor in self._tensors.inputs:
            if any(f"{field}.".startswith(f"{of}.") for of in tensor.of):
                return tensor.name
        return ""

    def of_instance(self, _version: Version, instance: Any) -> Any:
        """An input as it is; or, where one tensor is all of it, a list of that tensor's columns."""
        if isinstance(instance, dict) or len(self._tensors.inputs) != 1:
            return instance
        (tensor,) = self._tensors.inputs
        values = instance if isinstance(instance, list) else [instance]
        if len(values) != len(tensor.of):
            return instance  # the contract says what is wrong with it
        built: dict[str, Any] = {}
        for of, value in zip(tensor.of, values, strict=True):
            _put(built, of, value)
        return built

    def as_prediction(self, _version: Version, output: Any) -> Any:
        return output


def derived(input_schema: Mapping[str, Any], output_schema: Mapping[str, Any]) -> Tensors:
    """One tensor of one column for each field; what is no plain value travels as JSON."""
    return Tensors(_fields(input_schema), _fields(output_schema))


def find(value: Any, of: str) -> Any:
    """Raises LookupError or TypeError where there is no such field."""
    for name in of.split("."):
        value = value[name]
    return value


def _fields(schema: Mapping[str, Any]) -> tuple[Tensor, ...]:
    fields: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    needed = schema.get("required", ())
    return tuple(
        Tensor(name, _dtype(field), (name,), optional=name not in needed)
        for name, field in fields.items()
    )


def _dtype(field: Mapping[str, Any]) -> str:
    if "data:" in field.get("pattern", ""):  # as models/image_field.py describes a picture
        return "file"
    return _DTYPES.get(field.get("type", ""), "json")


def _put(target: dict[str, Any], of: str, value: Any) -> None:
    *outer, last = of.split(".")
    for name in outer:
        target = target.setdefault(name, {})
    target[last] = value


def _given(dtype: str, value: Any) -> Any:
    """A value of an output as an element of an answer."""
    return orjson.dumps(value).decode() if dtype == "json" else value
