"""Whatever bytes come: the quick reading says what the careful one says, and nothing else."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from api import strict_json
from shared.errors import QueuecastError, RequestError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text('ab:\\"é{[', max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
WRITTEN = st.builds(
    lambda value, escaped, gap: json.dumps(
        value, ensure_ascii=escaped, separators=(f",{gap}", f":{gap}")
    ).encode(),
    VALUES,
    st.booleans(),
    st.sampled_from(["", " ", "\n\t"]),
)
PIECES = [
    b'{"a":1,"a":2}', b'"a"', b"\\u0000", b"\\ud800", b"\\u0061", b":", b"[" * 40, b"}", b",",
    b"1e999", b"9" * 30, b"-0", b"NaN", b"\xff", b"\xef\xbb\xbf", b"/**/", b" ",
]  # fmt: skip


@st.composite
def damaged(draw: Any) -> bytes:
    """Something written as JSON into which a piece was set, in the place of some bytes."""
    body = draw(WRITTEN)
    at, width = draw(st.integers(0, len(body))), draw(st.integers(0, 3))
    return body[:at] + draw(st.sampled_from(PIECES)) + body[at + width :]


def outcome(read: Any, body: bytes) -> Any:
    """The value with its types, or the kind of its refusal."""
    try:
        return repr(read(body))
    except RequestError as error:
        return type(error)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.binary(max_size=40) | damaged())
@example(b'{"a":":","a":1}')
@example(b'{"a":{"b":1},"a":":"}')
@example(b"1" * 20)
@example(b"[" * 32 + b"]" * 32)
def test_bytes_are_read_as_carefully_as_need_be(body: bytes) -> None:
    careful = outcome(lambda data: strict_json._read_carefully(data, strict_json.INT64), body)
    assert outcome(strict_json.loads, body) == careful


@settings(max_examples=200, deadline=None, derandomize=True)
@given(VALUES)
def test_what_was_written_is_what_is_read(value: Any) -> None:
    assert strict_json.loads(json.dumps(value).encode()) == value


@settings(max_examples=200, deadline=None, derandomize=True)
@given(damaged())
def test_a_refusal_repeats_nothing_that_was_sent(body: bytes) -> None:
    try:
        strict_json.loads(b'{"secret-8842":' + body + b"}")
    except QueuecastError as error:
        assert 400 <= error.status < 500
        assert "secret-8842" not in error.detail.replace("/secret-8842", "")
