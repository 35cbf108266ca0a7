"""JSON as this API takes it: RFC 8259, and nothing that two parsers would read differently.

orjson reads every body (a small one in 2 µs). It lets duplicate keys, deep nesting, huge integers
and NUL through; whether a body can hold any of these shows in its bytes, and only one that may is
read again, carefully, by the standard library.
"""

import json
from math import isfinite
from typing import Any, NoReturn

import orjson

from api.json_pointer import pointer
from shared.errors import DuplicateKey, FieldError, InvalidInput, JsonTooDeep, MalformedJson

MAX_DEPTH = 32
INT64 = range(-(1 << 63), 1 << 63)

_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_DIGITS = bytes(ord("0") if chr(code) in "0123456789" else ord(" ") for code in range(256))
_LONG_NUMBER = b"0" * 19  # shorter ones fit int64


def loads(body: bytes, integers: range = INT64) -> Any:
    """The value; raises MalformedJson, DuplicateKey, JsonTooDeep or InvalidInput.

    `integers` are those that are taken: at most 64 bits, signed or not.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _read_carefully(body, integers)
    return value if _is_plain(body, value) else _read_carefully(body, integers)


def _is_plain(body: bytes, value: Any) -> bool:
    """Whether nothing in the body calls for a second look; False may be a false alarm."""
    # Without escapes there is neither NUL nor surrogate, and strings are written as they came: a
    # body with more colons than its value has held a key twice.
    return (
        b"\\" not in body
        and _LONG_NUMBER not in body.translate(_DIGITS)
        and _is_shallow(body)
        and body.count(b":") == orjson.dumps(value).count(b":")
    )


def _is_shallow(body: bytes) -> bool:
    """Takes the innermost pairs of brackets away, level by level.

    Without escapes every second part between quotes is text, whose brackets nest nothing.
    """
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:  # whatever nests in whatever
        return True
    brackets = b"".join(body.split(b'"')[::2]).translate(_BRACKETS, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return not brackets


def _read_carefully(body: bytes, integers: range) -> Any:
    try:
        # Not from bytes: the standard library would guess at UTF-16.
        value = json.loads(
            body.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise JsonTooDeep(f"JSON is taken to a depth of {MAX_DEPTH}") from None
    except ValueError:
        raise MalformedJson("it should be one JSON value in UTF-8") from None
    _check(value, (), integers)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey("an object has the same key twice")
    return found


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _check(value: Any, path: tuple[str | int, ...], integers: range) -> None:
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, dict):
        _check_depth(path)
        for key, part in value.items():
            _check_text(key, path)
            _check(part, (*path, key), integers)
    elif isinstance(value, list):
        _check_depth(path)
        for index, part in enumerate(value):
            _check(part, (*path, index), integers)
    elif isinstance(value, int) and value not in integers:
        _refuse(path, "an integer should fit 64 bits")
    elif isinstance(value, float) and not isfinite(value):
        _refuse(path, "the number is too large")


def _check_depth(path: tuple[str | int, ...]) -> None:
    if len(path) >= MAX_DEPTH:
        raise JsonTooDeep(f"JSON is taken to a depth of {MAX_DEPTH}")


def _check_text(text: str, path: tuple[str | int, ...]) -> None:
    if "\x00" in text:
        _refuse(path, "text should not hold NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        _refuse(path, "text should not hold half a surrogate pair")


def _refuse(path: tuple[str | int, ...], detail: str) -> NoReturn:
    where = pointer(*path)
    raise InvalidInput(f"{where}: {detail}", errors=[FieldError(where, detail)])
