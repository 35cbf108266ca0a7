"""Protocol-buffer wire format, just enough to walk an ONNX file without its libraries."""

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class MalformedProtobuf(ValueError):
    """The bytes are not a protocol-buffer message."""


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """The unsigned number that starts at `at`, and where the next thing starts."""
    number = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > 63:
            break
    raise MalformedProtobuf("a number runs past the end of its message")


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, value) in file order; nested messages and packed numbers stay bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = varint(data, at)
            yield number, value
            continue
        size, at = _payload_size(data, at, kind)
        if number == 0 or at + size > len(data):
            raise MalformedProtobuf("a field runs past the end of its message")
        yield number, data[at : at + size]
        at += size


def _payload_size(data: memoryview, at: int, kind: int) -> tuple[int, int]:
    if kind == BYTES:
        return varint(data, at)
    if kind in (FIXED32, FIXED64):
        return (4 if kind == FIXED32 else 8), at
    raise MalformedProtobuf(f"wire type {kind} is not known")


def messages(data: memoryview, wanted: int) -> Iterator[memoryview]:
    """Every nested message, string or byte field with the number `wanted`."""
    for number, value in fields(data):
        if number == wanted and isinstance(value, memoryview):
            yield value


def integer(data: memoryview, wanted: int, default: int = 0) -> int:
    """The last number under `wanted`; negative ones come back as 64-bit two's complement."""
    found = default
    for number, value in fields(data):
        if number == wanted and isinstance(value, int):
            found = value
    return found


def text(data: memoryview, wanted: int) -> str:
    """The last string under `wanted`, or an empty one."""
    found = b""
    for value in messages(data, wanted):
        found = bytes(value)
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        raise MalformedProtobuf("a name is not UTF-8") from error
