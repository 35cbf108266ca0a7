import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import strict_json
from shared.errors import DuplicateKey, InvalidInput, JsonTooDeep

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("ab:\\{", max_size=3), inner)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_reads_what_any_parser_writes(value: object) -> None:
    assert strict_json.loads(json.dumps(value).encode()) == value
    assert strict_json.loads(orjson.dumps(value)) == value


@given(st.dictionaries(st.text('ab:"\\{', min_size=1, max_size=3), st.text(":\\"), min_size=1))
def test_finds_every_key_that_comes_twice(fields: dict[str, str]) -> None:
    pairs = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in fields.items()]
    with pytest.raises(DuplicateKey):
        strict_json.loads("{{{}}}".format(", ".join([*pairs, pairs[0]])).encode())


@pytest.mark.parametrize("body", [b'[{"a":1,"a":1}]', b'{"a":{"b":[{"c":0,"c":0}]}}'])
def test_finds_keys_that_come_twice_at_any_depth(body: bytes) -> None:
    with pytest.raises(DuplicateKey):
        strict_json.loads(body)


def test_depth_32_is_taken_and_33_is_not() -> None:
    assert strict_json.loads(b"[" * 32 + b"]" * 32)
    with pytest.raises(JsonTooDeep):
        strict_json.loads(b"[" * 33 + b"]" * 33)


@pytest.mark.parametrize("depth", [33, 300, 900])
def test_brackets_in_text_hide_no_depth(depth: int) -> None:
    with pytest.raises(JsonTooDeep):
        strict_json.loads(b'["]",' * depth + b"1" + b',"["]' * depth)


def test_brackets_in_text_are_not_depth() -> None:
    assert strict_json.loads(b'["' + b"[" * 40 + b'"]') == ["[" * 40]


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_int64_is_taken_exactly(number: int) -> None:
    assert strict_json.loads(str(number).encode()) == number


def test_long_fractions_are_no_huge_integers() -> None:
    assert strict_json.loads(b"[0.12345678901234567890123]") == [0.12345678901234567890123]


def test_refusal_points_at_the_value() -> None:
    with pytest.raises(InvalidInput) as caught:
        strict_json.loads(b'{"a/b":[0,"\\u0000"]}')
    assert caught.value.errors[0].pointer == "/a~1b/1"
