import numpy as np
import pytest

from models.processors import CARRIED, load_processor
from models.registry import Registry
from shared.errors import ModelRefused

X = {"x": ("float32", ["rows", 2])}
DOUBLE = """
import numpy as np
def preprocess(input, version):
    return {"x": np.array(input["x"], np.float32) * 2}
def postprocess(outputs, version):
    return {"of": version.reference, "sum": outputs["x_out"].sum().item()}
"""


def answer(processor, run_model, version, input):
    """What a worker does with one job."""
    tensors = processor.preprocess(input)
    carried = {name: array for name, array in tensors.items() if name.startswith(CARRIED)}
    fed = {name: array for name, array in tensors.items() if name not in carried}
    return processor.postprocess(run_model(version, fed) | carried)


@pytest.mark.parametrize(
    ("dtype", "rows"),
    [
        ("float32", [[1.5, 2.0], [3.0, 4.0]]),
        ("float64", [[0.1, 0.2]]),
        ("int64", [[2**62, -1]]),
        ("uint8", [[0, 255]]),
        ("bool", [[True, False]]),
        ("string", [["a", "grüße"]]),
    ],
)
def test_lists_come_back_as_they_went_in(generic_version, run_model, dtype, rows):
    model, version = generic_version(x=(dtype, ["rows", 2]))
    processor = load_processor(model, version)
    assert answer(processor, run_model, version, {"x": rows}) == {"x_out": rows}
    assert answer(processor, run_model, version, {"x": rows[0]}) == {"x_out": rows[0]}


def test_tensors_have_the_declared_type_and_a_row_dimension(generic_version):
    model, version = generic_version(**X)
    tensors = load_processor(model, version).preprocess({"x": [1, 2]})
    assert (tensors["x"].dtype, tensors["x"].shape) == (np.float32, (1, 2))
    assert {name: array.shape for name, array in tensors.items() if name != "x"} == {
        "carried:bare_row": (1,)
    }


def test_a_folders_own_processing_is_used(write_folder, copying_model, run_model):
    root = write_folder("copy", copying_model(**X), processing=DOUBLE)
    model, version = Registry.load([root]).resolve("copy")
    output = answer(load_processor(model, version), run_model, version, {"x": [[1, 2]]})
    assert output == {"of": "copy:1", "sum": 6.0}


@pytest.mark.parametrize("source", ["import nowhere_at_all", "def preprocess(input, version): ..."])
def test_processing_that_cannot_be_used_is_refused_in_one_line(write_folder, copying_model, source):
    root = write_folder("copy", copying_model(**X), processing=source)
    with pytest.raises(ModelRefused, match=r"^copy: processing\.py: "):
        load_processor(*Registry.load([root]).resolve("copy"))
