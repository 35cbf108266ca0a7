"""Takes a JSON object apart without reading its values: where each begins, and where it ends.

So a list of inputs is read one by one: what is wrong with one is found in that one alone, and the
event loop turns between two of them. Every part is read strictly later; what stands between the
parts is checked here.
"""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import orjson

from shared.errors import DuplicateKey, MalformedJson

BRACKETS_AT_ONCE = 2_000
"""So many take about 1 ms; then the caller may let others have their turn."""

# Possessive or atomic all through: nothing is ever looked at twice, however a string fails to end.
# A group is made atomic: where it is possessive, Python before 3.11.5 ends it in the wrong place.
_STRING = re.compile(rb'"(?>(?:[^"\\]++|\\.)*)"', re.DOTALL)
_SCALAR = re.compile(rb'[^\s"\[\]{},:]++')
_SPACE = re.compile(rb"[ \t\n\r]*+")
# Lists of nothing but numbers are passed over too: a matrix has one for each of its rows.
_FLAT = re.compile(rb'(?>(?:[^"\[\]{}]++|"(?>(?:[^"\\]++|\\.)*)"|\[[^"\[\]{}]*+\])*)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """The value of a member, or one element of the listed one: the bytes from `start` to `end`."""

    name: str
    start: int
    end: int
    is_element: bool = False


def parts(body: bytes, listed: str) -> Iterator[Part | None]:
    """The members of the object in their order; in place of `listed` each element of its list.

    None comes where the work so far calls for a pause. Raises MalformedJson or DuplicateKey.
    """
    names: set[str] = set()
    position, more = _enter(body, 0, b"{", b"}")
    while more:
        name, position = _name(body, position)
        if name in names:
            raise DuplicateKey("an object has the same key twice")
        names.add(name)
        if name == listed and body[position : position + 1] == b"[":
            position = yield from _elements(body, position, name)
        else:
            end = yield from _end(body, position)
            yield Part(name, position, end)
            position = end
        position, more = _follow(body, position, b"}")
    if position != len(body):
        raise _malformed()


def _elements(body: bytes, position: int, name: str) -> Generator[Part | None, None, int]:
    position, more = _enter(body, position, b"[", b"]")
    while more:
        end = yield from _end(body, position)
        yield Part(name, position, end, is_element=True)
        position, more = _follow(body, end, b"]")
    return position


def _end(body: bytes, start: int) -> Generator[None, None, int]:
    """Where the value ends that begins at `start`; it may turn out to be none."""
    if body[start : start + 1] not in (b"{", b"["):
        simple = _STRING.match(body, start) or _SCALAR.match(body, start)
        if simple is None:
            raise _malformed()
        return simple.end()
    position, depth, brackets = start + 1, 1, 1
    while depth:
        position = _past(_FLAT, body, position)
        bracket = body[position : position + 1]
        if bracket in (b"{", b"["):
            depth += 1
        elif bracket in (b"}", b"]"):
            depth -= 1
        else:  # the end, or the beginning of a string that has none
            raise _malformed()
        position, brackets = position + 1, brackets + 1
        if brackets % BRACKETS_AT_ONCE == 0:
            yield None
    return position


def _name(body: bytes, position: int) -> tuple[str, int]:
    """A member's name, and where its value begins."""
    key = _STRING.match(body, position)
    colon = _skip(body, key.end()) if key else 0
    if key is None or body[colon : colon + 1] != b":":
        raise _malformed()
    try:
        name: str = orjson.loads(key[0])
    except orjson.JSONDecodeError:
        raise _malformed() from None
    return name, _skip(body, colon + 1)


def _enter(body: bytes, position: int, opening: bytes, closing: bytes) -> tuple[int, bool]:
    """Behind the opening bracket, and whether anything comes before the closing one."""
    position = _skip(body, position)
    if body[position : position + 1] != opening:
        raise _malformed()
    position = _skip(body, position + 1)
    if body[position : position + 1] == closing:
        return _skip(body, position + 1), False
    return position, True


def _follow(body: bytes, position: int, closing: bytes) -> tuple[int, bool]:
    """Behind the comma, or behind the closing bracket; whether more comes."""
    position = _skip(body, position)
    mark = body[position : position + 1]
    if mark not in (b",", closing):
        raise _malformed()
    return _skip(body, position + 1), mark == b","


def _skip(body: bytes, position: int) -> int:
    return _past(_SPACE, body, position)


def _past(pattern: re.Pattern[bytes], body: bytes, position: int) -> int:
    """Behind what matches here; such a pattern matches nothing too."""
    match = pattern.match(body, position)
    return match.end() if match else position


def _malformed() -> MalformedJson:
    return MalformedJson("the body should be one JSON object in UTF-8")
