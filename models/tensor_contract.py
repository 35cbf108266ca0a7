"""The generic tensor contract: nested lists checked against the ONNX signature, without numpy.

Input: an object with one key per tensor, `{"x": [[1.0, 2.0], [3.0, 4.0]]}`: rows, then the tensor's
other dimensions. One row may come without its row dimension; the output then has none either.
"""

from typing import Any

from models.contracts import MAX_ERRORS, pointer
from models.nested_lists import Refused, check_elements, shape_of
from models.tensor_spec import Dimension, TensorSpec, shape_text
from models.versions import Version
from shared.errors import FieldError, InputTooLarge, InvalidInput, ShapeMismatch

JSON_TYPES = {"string": "string", "bool": "boolean"}


class TensorContract:
    """`max_rows` bounds one job's rows, `max_elements` the numbers in all its tensors."""

    def __init__(self, max_rows: int, max_elements: int) -> None:
        self._max_rows = max_rows
        self._max_elements = max_elements

    def validate(self, version: Version, value: object) -> None:
        if not isinstance(value, dict):
            raise _refuse(InvalidInput, "should be an object with one key per tensor")
        self._check_names(version, value)
        shapes: dict[str, tuple[int, ...]] = {}
        left = self._max_elements
        for spec in version.inputs:
            try:
                shape = shape_of(value[spec.name], len(spec.shape), left)
                check_elements(value[spec.name], shape, spec.dtype)
            except Refused as error:
                raise _refuse(error.problem, error.detail, spec.name) from None
            shapes[spec.name] = shape
            left -= _product(shape)
        self._check_shapes(version, shapes)

    def _check_names(self, version: Version, value: dict[Any, Any]) -> None:
        names = {spec.name for spec in version.inputs}
        details = dict.fromkeys(sorted(names - value.keys()), "the tensor is missing")
        details |= dict.fromkeys(sorted(value.keys() - names), "the model has no such tensor")
        if details:
            errors = [FieldError(pointer(name), detail) for name, detail in details.items()]
            expected = ", ".join(sorted(names))
            raise ShapeMismatch(f"expected the tensors {expected}", errors=errors[:MAX_ERRORS])

    def _check_shapes(self, version: Version, shapes: dict[str, tuple[int, ...]]) -> None:
        rowless = lacks_rows(version, {name: len(shape) for name, shape in shapes.items()})
        sizes: dict[str, int] = {}
        rows: int | None = None
        for spec in version.inputs:
            got = shapes[spec.name]
            full = (1, *got) if rowless else got
            if not _fits(spec.shape, full, sizes):
                raise _refuse(ShapeMismatch, _expected(spec, got), spec.name)
            if spec.has_free_rows:
                self._check_rows(spec.name, full[0], rows)
                rows = full[0]

    def _check_rows(self, name: str, rows: int, before: int | None) -> None:
        if rows > self._max_rows:
            raise _refuse(InputTooLarge, f"expected at most {self._max_rows} rows", name)
        if before not in (None, rows):
            detail = f"expected {before} rows as in the other tensors, got {rows}"
            raise _refuse(ShapeMismatch, detail, name)

    def input_schema(self, version: Version) -> dict[str, Any]:
        return _schema(version.inputs)

    def output_schema(self, version: Version) -> dict[str, Any]:
        return _schema(version.outputs)

    def example(self, version: Version) -> dict[str, Any]:
        return {spec.name: _filled(spec.shape, _zero(spec.dtype)) for spec in version.inputs}


def lacks_rows(version: Version, ranks: dict[str, int]) -> bool:
    """Whether every tensor came with one dimension less than declared: a single bare row."""
    return version.takes_bare_row and all(
        ranks[spec.name] == len(spec.shape) - 1 for spec in version.inputs
    )


def _fits(expected: tuple[Dimension, ...], got: tuple[int, ...], sizes: dict[str, int]) -> bool:
    """Fixed sizes are equal, and one symbol means one size throughout the input."""
    if len(expected) != len(got):
        return False
    return all(
        sizes.setdefault(want, size) == size if isinstance(want, str) else want in (None, size)
        for want, size in zip(expected, got, strict=True)
    )


def _expected(spec: TensorSpec, got: tuple[int, ...]) -> str:
    return f"tensor '{spec.name}': expected {spec}, got the shape {shape_text(got)}"


def _refuse(problem: type[InvalidInput], detail: str, *parts: str) -> InvalidInput:
    where = pointer(*parts)
    return problem(f"{where}: {detail}", errors=[FieldError(where, detail)])


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def _zero(dtype: str) -> Any:
    return {"string": "", "bool": False}.get(dtype, 0 if "int" in dtype else 0.0)


def _filled(shape: tuple[Dimension, ...], value: Any) -> Any:
    if not shape:
        return value
    size = shape[0] if isinstance(shape[0], int) else 1
    return [_filled(shape[1:], value) for _ in range(size)]


def _schema(specs: tuple[TensorSpec, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {spec.name: _tensor_schema(spec) for spec in specs},
        "required": [spec.name for spec in specs],
        "additionalProperties": False,
    }


def _tensor_schema(spec: TensorSpec) -> dict[str, Any]:
    number = "integer" if "int" in spec.dtype else "number"
    rows = _nested_schema(spec.shape, {"type": JSON_TYPES.get(spec.dtype, number)})
    if not spec.has_free_rows:
        return {"description": str(spec), **rows}
    described = f"{spec}, or one row without its dimension"
    return {"description": described, "anyOf": [rows, rows["items"]]}


def _nested_schema(shape: tuple[Dimension, ...], element: dict[str, Any]) -> dict[str, Any]:
    if not shape:
        return element
    sizes = {"minItems": shape[0], "maxItems": shape[0]} if isinstance(shape[0], int) else {}
    return {"type": "array", "items": _nested_schema(shape[1:], element), **sizes}
