"""Tensors on the wire: a small header, then the raw bytes of each; never JSON lists.

4 bytes  length of the header, big-endian
header   JSON [[name, dtype, shape, bytes], …]
bytes    each tensor in C order; a tensor of strings as a JSON list

All parts are padded to 16 bytes, so that the arrays that are read out of it are aligned.
"""

from functools import lru_cache

import numpy as np
import orjson

from models.processors import CARRIED

Tensors = dict[str, np.ndarray]

ALIGNMENT = 16

SHAPES_MAX_CHARS = 255

_STRINGS = "strings"


def part(tensors: Tensors) -> tuple[Tensors, Tensors]:
    """What is fed to the session, and what is carried past it from preprocess to postprocess."""
    carried = {name: array for name, array in tensors.items() if name.startswith(CARRIED)}
    return {name: a for name, a in tensors.items() if name not in carried}, carried


def rows(feeds: Tensors) -> int:
    """How many rows one job feeds to the session; a tensor without dimensions is one."""
    shape = next(iter(feeds.values())).shape if feeds else ()
    return int(shape[0]) if shape else 1


def shapes(feeds: Tensors) -> str:
    """Such as `pixels:1x64`; of several tensors in their order, cut where that is long."""
    return _shapes(tuple((name, array.shape) for name, array in feeds.items()))


@lru_cache(maxsize=1024)
def _shapes(fed: tuple[tuple[str, tuple[int, ...]], ...]) -> str:
    parts = (f"{name}:{'x'.join(map(str, shape))}" for name, shape in fed)
    return ",".join(parts)[:SHAPES_MAX_CHARS].replace("\x00", "\ufffd")


def encode(tensors: Tensors) -> bytes:
    """The tensors as one string of bytes."""
    header = []
    parts: list[bytes] = []
    for name, array in tensors.items():
        if array.dtype.kind in "OUS":
            data = orjson.dumps(array.ravel().tolist())
            header.append([name, _STRINGS, array.shape, len(data)])
        else:
            data = np.ascontiguousarray(array).tobytes()
            header.append([name, array.dtype.str, array.shape, len(data)])
        parts.append(data + bytes(-len(data) % ALIGNMENT))
    head = orjson.dumps(header)
    head += b" " * (-(4 + len(head)) % ALIGNMENT)
    return b"".join([len(head).to_bytes(4), head, *parts])


def decode(data: bytes) -> Tensors:
    """The inverse of `encode`; the arrays are read-only views of `data`.

    Raises ValueError or TypeError for bytes that are none of its.
    """
    start = 4 + int.from_bytes(data[:4])
    tensors: Tensors = {}
    for name, dtype, shape, length in orjson.loads(data[4:start]):
        part = memoryview(data)[start : start + length]
        if dtype == _STRINGS:
            tensors[name] = np.array(orjson.loads(part), dtype=object).reshape(shape)
        else:
            tensors[name] = np.frombuffer(part, dtype=dtype).reshape(shape)
        start += length + -length % ALIGNMENT
    if start != len(data):
        raise ValueError("bytes are missing or left over")
    return tensors
