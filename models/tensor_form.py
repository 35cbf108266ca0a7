"""How a model's inputs and outputs look as tensors, to clients that speak in tensors only.

Two kinds. A model without Python of its own takes and gives its ONNX tensors, many rows in one job.
A model with a contract has tensors of [rows, columns], one job for each row
(`models/column_form.py`).
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol

import orjson

from models.nested_lists import Refused
from models.tensor_spec import TensorSpec
from models.versions import Version
from shared.errors import InvalidInput

_URIS = ("data:", "http://", "https://")
_URIS_AS_BYTES = tuple(scheme.encode() for scheme in _URIS)


class Flat(NamedTuple):
    """A tensor's elements in row-major order."""

    shape: tuple[int, ...]
    elements: Sequence[Any]


class TensorForm(Protocol):
    """`dtype` of a spec is numpy's name, or `string`, `file` or `json`: all three are text.

    `rows_max` and `elements_max` bound one request, before anything of it is decoded. What is
    `optional` it may leave out.
    """

    @property
    def optional(self) -> frozenset[str]: ...

    @property
    def rows_max(self) -> int: ...

    @property
    def elements_max(self) -> int: ...

    def inputs(self, version: Version, /) -> tuple[TensorSpec, ...]:
        """What a request brings."""

    def outputs(self, version: Version, /) -> tuple[TensorSpec, ...]:
        """What it is answered."""

    def split(self, version: Version, tensors: Mapping[str, Flat], /) -> list[Any]:
        """The input of each job; the tensors fit `inputs` and hold `values`."""

    def join(self, version: Version, outputs: Sequence[Any], /) -> dict[str, Flat]:
        """The tensors of the jobs' outputs, in the order of `split`."""

    def named(self, version: Version, pointer: str, /) -> str:
        """Of which tensor a pointer such as `/input/hue` speaks; empty where of none."""

    def of_instance(self, version: Version, instance: Any, /) -> Any:
        """The input that one element of a V1 request's `instances` stands for."""

    def as_prediction(self, version: Version, output: Any, /) -> Any:
        """The element of a V1 answer's `predictions`."""


class OnnxForm:
    """The ONNX file's own tensors; a request is one job."""

    optional = frozenset[str]()

    def __init__(self, rows_max: int, elements_max: int) -> None:
        self.rows_max = rows_max
        self.elements_max = elements_max

    def inputs(self, version: Version) -> tuple[TensorSpec, ...]:
        return version.inputs

    def outputs(self, version: Version) -> tuple[TensorSpec, ...]:
        return version.outputs

    def split(self, version: Version, tensors: Mapping[str, Flat]) -> list[Any]:
        return [{spec.name: _nested(tensors[spec.name]) for spec in version.inputs}]

    def join(self, version: Version, outputs: Sequence[Any]) -> dict[str, Flat]:
        (output,) = outputs
        return {spec.name: _flat(spec, output[spec.name]) for spec in version.outputs}

    def named(self, version: Version, pointer: str) -> str:
        name = pointer.removeprefix("/input/")
        return name if any(spec.name == name for spec in version.inputs) else ""

    def of_instance(self, version: Version, instance: Any) -> Any:
        """An object by tensor, or the bare value where there is one tensor only."""
        if isinstance(instance, dict) or len(version.inputs) != 1:
            return instance
        return {version.inputs[0].name: instance}

    def as_prediction(self, version: Version, output: Any) -> Any:
        return output[version.outputs[0].name] if len(version.outputs) == 1 else output


def values(dtype: str, elements: Sequence[Any]) -> Sequence[Any]:
    """Elements of a request as they stand in an input; text may be `bytes`. Raises Refused."""
    if dtype == "string":
        return list(map(_text, elements))
    if dtype == "file":
        return list(map(_data_uri, elements))
    if dtype == "json":
        return list(map(_json, elements))
    return elements


def _text(element: str | bytes) -> str:
    try:
        return element if isinstance(element, str) else element.decode()
    except UnicodeDecodeError:
        raise Refused(InvalidInput, "expected text in UTF-8") from None


def _data_uri(element: str | bytes) -> str:
    """Of a URI, a file's bytes, or their base64."""
    if isinstance(element, bytes) and not element.startswith(_URIS_AS_BYTES):
        element = b64encode(element).decode()
    uri = _text(element)
    return uri if uri.startswith(_URIS) else f"data:application/octet-stream;base64,{uri}"


def _json(element: str | bytes) -> Any:
    try:
        return orjson.loads(element)
    except orjson.JSONDecodeError:
        raise Refused(InvalidInput, "expected JSON") from None


def _nested(tensor: Flat) -> Any:
    nested = list(tensor.elements)
    for size in reversed(tensor.shape[1:]):
        nested = [nested[start : start + size] for start in range(0, len(nested), size)]
    return nested if tensor.shape else nested[0]


def _flat(spec: TensorSpec, value: Any) -> Flat:
    shape: list[int] = []
    elements = [value]
    for size in spec.shape:
        inner = elements[0] if elements else []
        shape.append(len(inner) if elements else size if isinstance(size, int) else 0)
        elements = list(chain.from_iterable(elements))
    return Flat(tuple(shape), elements)
