import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workers import tensors

DTYPES = st.sampled_from(
    ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", ">f4"]
)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
NUMBERS = DTYPES.flatmap(lambda dtype: arrays.arrays(np.dtype(dtype), SHAPES))
NAMES = st.text(min_size=1, max_size=8).filter(lambda name: name.isprintable())


def through(given_tensors: tensors.Tensors) -> tensors.Tensors:
    return tensors.decode(tensors.encode(given_tensors))


@pytest.mark.parametrize(
    ("feeds", "count"),
    [({"x": np.ones((3, 2))}, 3), ({"x": np.ones((0, 2))}, 0), ({"x": np.float32(1)}, 1), ({}, 1)],
)
def test_the_rows_of_a_job_are_those_of_its_tensors(feeds, count) -> None:
    assert tensors.rows(feeds) == count


@settings(max_examples=40)
@given(st.dictionaries(NAMES, NUMBERS, max_size=3))
def test_numbers_come_back_bit_by_bit(before: tensors.Tensors) -> None:
    after = through(before)
    assert list(after) == list(before)
    for name, array in before.items():
        assert (after[name].dtype, after[name].shape) == (array.dtype, array.shape)
        assert after[name].tobytes() == array.tobytes()


@given(arrays.arrays(object, SHAPES, elements=st.text(max_size=5)))
def test_strings_come_back(before: np.ndarray) -> None:
    after = through({"s": before})["s"]
    assert (after.dtype, after.shape) == (np.dtype(object), before.shape)
    assert after.tolist() == before.tolist()


def test_strings_of_fixed_width_come_back_as_objects() -> None:
    after = through({"s": np.array([["a", "ö"]])})["s"]
    assert (after.dtype, after.tolist()) == (np.dtype(object), [["a", "ö"]])


@pytest.mark.parametrize(
    "array",
    [np.arange(6).reshape(2, 3).T, np.arange(9)[::2], np.asfortranarray(np.eye(3))],
)
def test_arrays_that_do_not_lie_in_a_row_come_back(array: np.ndarray) -> None:
    assert np.array_equal(through({"x": array})["x"], array)


def test_nothing_comes_back_as_nothing() -> None:
    assert through({}) == {}


def test_what_comes_back_cannot_be_written_to() -> None:
    after = through({"x": np.ones(2)})["x"]
    with pytest.raises(ValueError, match="read-only"):
        after[0] = 3


def test_what_is_carried_is_not_fed() -> None:
    x, size = np.ones((1, 2)), np.array([640])
    assert tensors.part({"carried:size": size, "x": x}) == ({"x": x}, {"carried:size": size})
