"""numpy knows what the bytes of a tensor mean."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from api.inference_protocol.datatypes import DTYPES
from api.inference_protocol.elements import from_bytes, from_json, to_bytes
from models.nested_lists import Refused
from shared.errors import InvalidInput, ShapeMismatch

NUMBERS = sorted(DTYPES)
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=8)
FINITE = {"allow_nan": False, "allow_infinity": False}


def array_of(datatype: str) -> st.SearchStrategy[Any]:
    dtype = np.dtype(DTYPES[datatype]).newbyteorder("<")
    elements = arrays.from_dtype(dtype, **(FINITE if dtype.kind == "f" else {}))
    return arrays.arrays(dtype, arrays.array_shapes(max_dims=3, max_side=4), elements=elements)


@given(st.sampled_from(NUMBERS).flatmap(lambda one: st.tuples(st.just(one), array_of(one))))
def test_raw_bytes_are_the_array_and_come_back(pair: tuple[str, Any]) -> None:
    datatype, array = pair
    elements = from_bytes(datatype, array.shape, array.tobytes())
    assert elements == array.ravel().tolist()
    assert to_bytes(datatype, elements) == array.tobytes()


@given(st.sampled_from(NUMBERS).flatmap(lambda one: st.tuples(st.just(one), array_of(one))))
def test_nested_and_flat_json_are_the_same_elements(pair: tuple[str, Any]) -> None:
    datatype, array = pair
    flat = array.ravel().tolist()
    assert from_json(datatype, array.shape, array.tolist()) == flat
    assert from_json(datatype, array.shape, flat) == flat


@given(TEXTS)
def test_texts_come_back_from_their_bytes(texts: list[str]) -> None:
    found = from_bytes("BYTES", (len(texts),), to_bytes("BYTES", texts))
    assert [each.decode() for each in found] == texts


@given(st.sampled_from([*NUMBERS, "BYTES"]), arrays.array_shapes(), st.binary(max_size=64))
def test_any_bytes_are_elements_or_refused(
    datatype: str, shape: tuple[int, ...], data: bytes
) -> None:
    try:
        assert len(from_bytes(datatype, shape, data)) == math.prod(shape)
    except Refused as error:
        assert issubclass(error.problem, InvalidInput)


@given(st.sampled_from([*NUMBERS, "BYTES"]), arrays.array_shapes(), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4), max_leaves=12))  # fmt: skip
def test_any_json_is_elements_or_refused(datatype: str, shape: tuple[int, ...], data: Any) -> None:
    try:
        assert len(from_json(datatype, shape, data)) == math.prod(shape)
    except Refused as error:
        assert issubclass(error.problem, InvalidInput)


@pytest.mark.parametrize(
    ("datatype", "shape", "data", "problem"),
    [
        ("FP32", (2,), [1.0], ShapeMismatch),
        ("FP32", (2, 2), [[1.0, 2.0], [3.0]], ShapeMismatch),
        ("FP32", (1, 4), [[1.0, 2.0], [3.0, 4.0]], ShapeMismatch),
        ("FP32", (1,), [1e39], InvalidInput),
        ("FP16", (1,), [65520.0], InvalidInput),
        ("FP64", (1,), [None], InvalidInput),
        ("FP32", (1,), ["1"], InvalidInput),
        ("FP32", (1,), [True], ShapeMismatch),
        ("INT8", (1,), [128], InvalidInput),
        ("UINT64", (1,), [-1], InvalidInput),
        ("INT64", (1,), [1.0], ShapeMismatch),
        ("BOOL", (1,), [1], ShapeMismatch),
        ("BYTES", (1,), ["a\0"], InvalidInput),
        ("FP32", (1,), "1.0", InvalidInput),
    ],
)
def test_json_that_is_not_the_tensor_is_refused(
    datatype: str, shape: tuple[int, ...], data: Any, problem: type[InvalidInput]
) -> None:
    with pytest.raises(Refused) as raised:
        from_json(datatype, shape, data)
    assert raised.value.problem is problem


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("FP32", b"\0\0\0"),
        ("FP32", np.array([np.nan], "<f4").tobytes()),
        ("FP64", np.array([np.inf], "<f8").tobytes()),
        ("BYTES", b""),
        ("BYTES", b"\2\0\0\0a"),
        ("BYTES", b"\xff\xff\xff\xffa"),
        ("BYTES", b"\1\0\0\0a\0"),
        ("BYTES", b"\1\0\0\0a\1\0\0\0b"),
    ],
)
def test_bytes_that_are_not_the_tensor_are_refused(datatype: str, data: bytes) -> None:
    with pytest.raises(Refused):
        from_bytes(datatype, (1,), data)


def test_what_json_could_not_hold_is_nan_in_bytes() -> None:
    assert np.isnan(np.frombuffer(to_bytes("FP32", [1.0, None]), "<f4")).tolist() == [False, True]
