"""A tensor's elements: from JSON or from raw bytes, and back, row-major, without numpy.

Raw numbers are little-endian. In BYTES each element has its length in four bytes before it.
"""

import math
import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any

from api.inference_protocol.datatypes import BYTES, DTYPES
from models.nested_lists import Refused, check_elements
from shared.errors import InvalidInput, ShapeMismatch

_CODES = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
_LENGTH = struct.Struct("<I")


def from_json(datatype: str, shape: tuple[int, ...], data: Any) -> list[Any]:
    """`data` flat, or nested as `shape` says; raises Refused."""
    if not isinstance(data, list):
        raise Refused(InvalidInput, "expected `data` to be a list")
    if data and isinstance(data[0], list):
        data = _flattened(shape, data)
    count = math.prod(shape)
    if len(data) != count:
        raise Refused(ShapeMismatch, f"expected {count} elements, got {len(data)}")
    return _checked(datatype, data)


def from_bytes(datatype: str, shape: tuple[int, ...], data: bytes) -> list[Any]:
    """Raises Refused; elements of BYTES come as `bytes`."""
    count = math.prod(shape)
    if datatype == BYTES:
        return _texts(data, count)
    size = struct.calcsize(f"<{_CODES[datatype]}")
    if len(data) != count * size:
        raise Refused(ShapeMismatch, f"expected {count * size} bytes, got {len(data)}")
    return _checked(datatype, list(struct.unpack(f"<{count}{_CODES[datatype]}", data)))


def to_bytes(datatype: str, elements: Sequence[Any]) -> bytes:
    """A number that JSON could not hold (None) is NaN."""
    if datatype == BYTES:
        encoded = [element.encode() for element in elements]
        return b"".join(_LENGTH.pack(len(each)) + each for each in encoded)
    if None in elements:
        elements = [math.nan if element is None else element for element in elements]
    return struct.pack(f"<{len(elements)}{_CODES[datatype]}", *elements)


def _flattened(shape: tuple[int, ...], data: list[Any]) -> list[Any]:
    for depth, size in enumerate(shape[:-1]):
        if depth == 0 and len(data) != size:
            raise Refused(ShapeMismatch, f"expected {size} rows in `data`, got {len(data)}")
        inner = shape[depth + 1]
        if not all(isinstance(part, list) and len(part) == inner for part in data):
            raise Refused(ShapeMismatch, "the nested lists do not have the shape that is given")
        data = list(chain.from_iterable(data))
    return data


def _checked(datatype: str, elements: list[Any]) -> list[Any]:
    dtype = DTYPES.get(datatype, "string")
    try:
        check_elements(elements, (len(elements),), dtype)
    except Refused as error:
        raise Refused(error.problem, error.detail.replace(dtype, datatype)) from None
    return elements


def _texts(data: bytes, count: int) -> list[bytes]:
    found: list[bytes] = []
    start = 0
    while start < len(data):
        begin = start + _LENGTH.size
        if begin > len(data):
            raise Refused(ShapeMismatch, "the last element of BYTES is cut off")
        start = begin + int.from_bytes(data[start:begin], "little")
        found.append(data[begin:start])
        if start > len(data) or len(found) > count:
            break
    if start != len(data) or len(found) != count:
        raise Refused(ShapeMismatch, f"expected {count} elements of BYTES, got other bytes")
    return found
