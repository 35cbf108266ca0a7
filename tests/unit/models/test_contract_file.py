import pytest

from models.registry import Registry

CONTRACT = """
from pydantic import BaseModel, ConfigDict
from models.column_form import Tensor, Tensors
class Input(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"a": 1.0, "b": 2.0}]})
    a: float
    b: float
class Output(BaseModel):
    c: float
"""
PROCESSING = "def preprocess(input, version): ...\ndef postprocess(outputs, version): ...\n"


@pytest.fixture
def load(copying_model, write_folder):
    """The registry of a folder whose contract ends in these lines."""

    def make(lines):
        model = copying_model(x=("float32", ["rows", 2]))
        files = {"contract": CONTRACT + lines, "processing": PROCESSING}
        return Registry.load([write_folder("own", model, "", **files)])

    return make


def test_a_contract_may_say_what_stands_in_which_tensor(load):
    declared = 'Tensors([Tensor("ab", "float32", ["a", "b"])], [Tensor("c", "float32", ["c"])])'
    model, version = load(f"TENSORS = {declared}").resolve("own")
    assert [str(spec) for spec in model.tensors.inputs(version)] == ["float32[rows, 2]"]


def test_without_that_each_field_is_a_tensor(load):
    model, version = load("").resolve("own")
    assert [spec.name for spec in model.tensors.inputs(version)] == ["a", "b"]


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ("7", "TENSORS should be of models.column_form.Tensors"),
        ('Tensors([Tensor("d", "float32", ["d.e"])], [])', "TENSORS: there is no field 'd'"),
        ('Tensors([], [Tensor("a", "float32", ["a"])])', "TENSORS: there is no field 'a'"),
    ],
)
def test_a_declaration_that_fits_no_field_is_refused(load, declared, reason):
    [refused] = load(f"TENSORS = {declared}").refused
    assert refused.reason == f"contract.py: {reason}"
