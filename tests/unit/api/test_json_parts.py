import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.json_parts import BRACKETS_AT_ONCE, parts
from shared.errors import DuplicateKey, MalformedJson

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
    max_leaves=20,
)


def taken_apart(body: bytes) -> tuple[dict[str, Any], list[Any]]:
    """The members and the elements of `inputs`."""
    found = [part for part in parts(body, "inputs") if part]
    read = [(part, orjson.loads(body[part.start : part.end])) for part in found]
    members = {part.name: value for part, value in read if not part.is_element}
    return members, [value for part, value in read if part.is_element]


@given(
    members=st.dictionaries(st.text().filter(lambda name: name != "inputs"), values),
    inputs=st.lists(values),
    indent=st.sampled_from([None, 2]),
    ensure_ascii=st.booleans(),
)
def test_the_parts_are_those_of_the_whole(
    members: dict[str, Any], inputs: list[Any], indent: int | None, *, ensure_ascii: bool
) -> None:
    text = json.dumps({**members, "inputs": inputs}, indent=indent, ensure_ascii=ensure_ascii)
    assert taken_apart(text.encode()) == (members, inputs)


@given(st.text(alphabet='{}[]":,\\ 1a', max_size=12))
def test_what_is_no_json_is_not_taken_apart_into_json(text: str) -> None:
    body = b'{"inputs":[' + text.encode() + b"]}"
    try:
        _, inputs = taken_apart(body)
    except (MalformedJson, orjson.JSONDecodeError):
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(body)
    else:
        assert orjson.loads(body)["inputs"] == inputs


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"null", b"[]", b'"a"', b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,}', b"{}x",
     b'{"a":1}}', b'{"a" 1}', b"{a:1}", b'{"a":1 "b":2}', b'{"inputs":[', b'{"inputs":[1,]}',
     b'{"inputs":[1 2]}', b'{"inputs":[,]}', b'{"inputs":[1}', b'{"inputs":["]}', b'{"\\x":1}',
     b'{"inputs":[{]}', b'{"inputs":[[[1]}', b"{,}"],
)  # fmt: skip
def test_a_broken_frame_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        list(parts(body, "inputs"))


def test_what_is_wrong_within_an_element_is_not_looked_at() -> None:
    body = b'{"inputs":[{"a":}, nul, [1,,2], "\xff"]}'
    found = [body[part.start : part.end] for part in parts(body, "inputs") if part]
    assert found == [b'{"a":}', b"nul", b"[1,,2]", b'"\xff"']


def test_a_list_under_another_name_is_one_value() -> None:
    assert taken_apart(b'{"input":[1,2]}') == ({"input": [1, 2]}, [])
    assert taken_apart(b'{"inputs":{"a":1}}') == ({"inputs": {"a": 1}}, [])


@pytest.mark.parametrize("twice", [b'"inputs"', rb'"input\u0073"'])
def test_a_name_that_comes_twice_is_refused(twice: bytes) -> None:
    with pytest.raises(DuplicateKey):
        list(parts(b'{"inputs":[1],' + twice + b":[2]}", "inputs"))


def test_a_large_part_leaves_room_for_others() -> None:
    inner = b'{"a":1},' * BRACKETS_AT_ONCE + b"0"
    found = list(parts(b'{"inputs":[[' + inner + b"]]}", "inputs"))
    assert [part is None for part in found] == [True, True, False]


@pytest.mark.timeout(10)
@pytest.mark.parametrize("tail", [b'"' + b'\\"' * 10**6, b'{"' * 10**6, b"[" * 10**6, b" " * 10**6])
def test_a_body_that_never_ends_is_looked_at_once(tail: bytes) -> None:
    with pytest.raises(MalformedJson):
        list(parts(b'{"inputs":[{' + tail, "inputs"))
