import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.inference_protocol.infer_request import parse_infer
from models.registry import Registry
from shared.errors import PayloadTooLarge, RequestError
from shared.settings import BUNDLED_MODELS_DIR

MODEL, VERSION = Registry.load([BUNDLED_MODELS_DIR]).resolve("wine")
HEAD = json.dumps({"inputs": [{"name": "a", "datatype": "FP32", "shape": [1], "data": [1]}]})
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["name", "shape", "datatype", "data", "parameters", "binary_data_size"]),
        inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
SIZES = st.integers(-1, 5)
TENSORS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["measurements", "x"]) | JUNK,
        "datatype": st.sampled_from(["FP32", "BYTES", "INT8"]) | JUNK,
        "shape": st.lists(SIZES, max_size=3) | JUNK,
    },
    optional={
        "data": st.lists(st.floats(), max_size=13) | JUNK,
        "parameters": st.fixed_dictionaries({}, optional={"binary_data_size": SIZES | JUNK}) | JUNK,
    },
)
REQUESTS = st.fixed_dictionaries(
    {"inputs": st.lists(TENSORS, max_size=2) | JUNK},
    optional={"outputs": JUNK, "parameters": JUNK, "id": JUNK},
)


@given(REQUESTS | JUNK, st.binary(max_size=60))
def test_whatever_comes_is_a_request_or_refused(request: Any, tail: bytes) -> None:
    head = json.dumps(request).encode()
    try:
        parse_infer(head + tail, str(len(head)), 1 << 20).job_inputs(MODEL, VERSION)
    except RequestError as error:
        assert error.detail


@given(st.binary(max_size=60), st.none() | st.text(max_size=6))
def test_whatever_bytes_come_are_refused(body: bytes, head_length: str | None) -> None:
    with pytest.raises(RequestError):
        parse_infer(body, head_length, 1 << 20)


def test_the_json_alone_is_bounded() -> None:
    with pytest.raises(PayloadTooLarge):
        parse_infer(HEAD.encode(), None, len(HEAD) - 1)
    assert parse_infer(HEAD.encode() + b"more", str(len(HEAD)), len(HEAD)).tail == b"more"


def test_an_output_says_for_itself_how_it_is_wanted() -> None:
    asked = [{"name": "y"}, {"name": "z", "parameters": {"binary_data": False}}]
    request = {**json.loads(HEAD), "outputs": asked, "parameters": {"binary_data_output": True}}
    found = parse_infer(json.dumps(request).encode(), None, 1 << 20)
    assert found.outputs == {"y": True, "z": False}
