import numpy as np
import pytest

from models.nested_lists import Refused
from models.tensor_form import Flat, values


@pytest.mark.parametrize("shape", [["rows", 2], ["rows"], [2, 3, 4]])
def test_onnx_tensors_become_one_input_and_come_back(generic_version, shape):
    model, version = generic_version(x=("float32", shape))
    array = np.arange(24, dtype=np.float32).reshape(
        [-1 if isinstance(n, str) else n for n in shape]
    )
    [job] = model.tensors.split(version, {"x": Flat(array.shape, array.ravel().tolist())})
    assert job == {"x": array.tolist()}
    back = model.tensors.join(version, [{"x_out": array.tolist()}])
    assert back == {"x_out": Flat(array.shape, array.ravel().tolist())}


def test_an_empty_output_keeps_the_sizes_that_are_known(generic_version):
    model, version = generic_version(x=("float32", ["rows", 2]))
    assert model.tensors.join(version, [{"x_out": []}]) == {"x_out": Flat((0, 2), [])}


def test_the_bounds_are_those_of_the_model(generic_version):
    limits = "[limits]\nmax_rows = 7\nmax_elements = 9"
    model, _ = generic_version(limits, x=("float32", ["rows", 2]))
    assert (model.tensors.rows_max, model.tensors.elements_max) == (7, 9)


def test_a_bare_value_stands_for_the_only_tensor(generic_version):
    model, version = generic_version(x=("float32", ["rows", 2]))
    assert model.tensors.of_instance(version, [1.0, 2.0]) == {"x": [1.0, 2.0]}
    assert model.tensors.of_instance(version, {"x": [1.0, 2.0]}) == {"x": [1.0, 2.0]}
    assert model.tensors.as_prediction(version, {"x_out": [3.0]}) == [3.0]


@pytest.mark.parametrize(
    ("dtype", "element", "value"),
    [
        ("string", b"gr\xc3\xbcn", "grün"),
        ("string", "grün", "grün"),
        ("file", b"\x89PNG", "data:application/octet-stream;base64,iVBORw=="),
        ("file", "iVBORw==", "data:application/octet-stream;base64,iVBORw=="),
        ("file", b"data:image/png;base64,iVBORw==", "data:image/png;base64,iVBORw=="),
        ("file", "data:image/png;base64,iVBORw==", "data:image/png;base64,iVBORw=="),
        ("json", b'{"a": [1]}', {"a": [1]}),
        ("float32", 1.5, 1.5),
    ],
)
def test_elements_become_what_stands_in_an_input(dtype, element, value):
    assert list(values(dtype, [element])) == [value]


@pytest.mark.parametrize(("dtype", "element"), [("string", b"\xff"), ("json", b"{")])
def test_elements_that_are_no_text_are_refused(dtype, element):
    with pytest.raises(Refused):
        values(dtype, [element])
