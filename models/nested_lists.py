"""Nested lists as tensors: their shape and their elements, checked in plain Python.

The API does this on every request to a model without a contract of its own. Rows are checked
whole by functions that run in C: 64 numbers cost about 2 µs.
"""

import sys
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from shared.errors import InputTooLarge, InvalidInput, ShapeMismatch

ELEMENT_TYPES: dict[str, frozenset[type]] = {
    "string": frozenset({str}),
    "bool": frozenset({bool}),
    "int": frozenset({int}),
    "float": frozenset({int, float}),
}
FLOAT_MAX = {
    "float16": 65504.0,
    "float32": 3.4028234663852886e38,
    "float64": sys.float_info.max,
}


class Refused(ValueError):
    """`problem` is the error that the caller gets, `detail` says what was expected."""

    def __init__(self, problem: type[InvalidInput], detail: str) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail


def shape_of(value: Any, rank_max: int, elements_max: int) -> tuple[int, ...]:
    """Follows the first element of each level; `check_elements` compares the others with it.

    Raises Refused above `rank_max` or `elements_max`, so nothing is walked that is too large.
    """
    shape: list[int] = []
    elements = 1
    while isinstance(value, list):
        if not value:
            raise Refused(InvalidInput, "expected at least one element in each list")
        shape.append(len(value))
        elements *= len(value)
        if len(shape) > rank_max:
            detail = f"expected at most {rank_max} dimensions, got more"
            raise Refused(ShapeMismatch, detail)
        if elements > elements_max:
            raise Refused(InputTooLarge, "the tensors hold more elements than the model allows")
        value = value[0]
    return tuple(shape)


def check_elements(value: Any, shape: tuple[int, ...], dtype: str) -> None:
    """Raises Refused unless `value` has `shape` throughout and elements that fit `dtype`."""
    for row in _rows(value, shape):
        _check_row(row, dtype)


def _rows(value: Any, shape: tuple[int, ...]) -> Iterator[Sequence[Any]]:
    """The innermost lists; raises Refused where the nesting is ragged."""
    if len(shape) < 2:
        yield value if shape else [value]
        return
    for part in value:
        if not isinstance(part, list) or len(part) != shape[1]:
            raise Refused(ShapeMismatch, "the nested lists are ragged")
        yield from _rows(part, shape[1:])


def _check_row(row: Sequence[Any], dtype: str) -> None:
    kind = dtype.lstrip("u").rstrip("0123456789")
    wrong = set(map(type, row)) - ELEMENT_TYPES[kind]
    if wrong:
        _refuse_types(wrong, dtype)
    if kind == "int":
        _check_integers(row, dtype)
    elif kind == "float":
        _check_floats(row, dtype)
    elif kind == "string":
        _check_strings(row)


def _refuse_types(wrong: set[type], dtype: str) -> None:
    if list in wrong:
        raise Refused(ShapeMismatch, "the nested lists are ragged")
    names = {bool: "a boolean", float: "a number with a fraction", int: "a number", str: "a string"}
    got = names.get(next(iter(wrong)), "null or an object")
    problem = ShapeMismatch if wrong <= {bool, float, int} else InvalidInput
    raise Refused(problem, f"expected {dtype} elements, got {got}")


def _check_integers(row: Sequence[int], dtype: str) -> None:
    bits = int(dtype.lstrip("uint"))
    low, high = (0, 1 << bits) if dtype.startswith("u") else (-(1 << bits - 1), 1 << bits - 1)
    if row and (min(row) < low or max(row) >= high):
        raise Refused(InvalidInput, f"a number is out of the range of {dtype}")


def _check_floats(row: Sequence[float], dtype: str) -> None:
    try:
        finite = all(map(isfinite, row))
    except OverflowError:
        finite = False
    if not finite:
        raise Refused(InvalidInput, "expected finite numbers")
    limit = FLOAT_MAX[dtype]
    if row and (max(row) > limit or min(row) < -limit):
        raise Refused(InvalidInput, f"a number is out of the range of {dtype}")


def _check_strings(row: Sequence[str]) -> None:
    for text in row:
        if "\0" in text or not (text.isascii() or _is_encodable(text)):
            raise Refused(InvalidInput, "a string holds NUL or half a surrogate pair")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
