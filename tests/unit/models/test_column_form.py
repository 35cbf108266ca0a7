import pytest
from pydantic import BaseModel

from models.column_form import ColumnForm, Tensor, Tensors, derived
from models.image_field import ImageDataUri
from models.tensor_form import Flat


class Taken(BaseModel):
    size: float
    count: int
    wet: bool
    name: str
    picture: ImageDataUri
    tags: list[str] = []


@pytest.fixture
def form():
    """Three fields in two tensors; two in two."""
    return ColumnForm(
        Tensors(
            inputs=[Tensor("sizes", "float32", ["a", "b.c"]), Tensor("name", "string", ["name"])],
            outputs=[Tensor("label", "string", ["label"]), Tensor("rest", "json", ["rest"])],
        )
    )


def test_each_row_is_an_input(form):
    tensors = {"sizes": Flat((2, 2), [1, 2, 3, 4]), "name": Flat((2, 1), ["x", "y"])}
    assert form.split(None, tensors) == [
        {"a": 1, "b": {"c": 2}, "name": "x"},
        {"a": 3, "b": {"c": 4}, "name": "y"},
    ]


def test_outputs_are_stacked(form):
    joined = form.join(None, [{"label": "l", "rest": None}, {"label": "m", "rest": [1]}])
    assert joined == {"label": Flat((2, 1), ["l", "m"]), "rest": Flat((2, 1), ["null", "[1]"])}


@pytest.mark.parametrize(
    ("pointer", "name"),
    [("/input/a", "sizes"), ("/input/b/c", "sizes"), ("/input/name", "name"), ("/input/z", "")],
)
def test_a_pointer_into_an_input_names_a_tensor(form, pointer, name):
    assert form.named(None, pointer) == name


def test_without_a_declaration_each_field_is_a_tensor():
    tensors = derived(Taken.model_json_schema(), {})
    assert [(each.name, each.dtype) for each in tensors.inputs] == [
        ("size", "float64"),
        ("count", "int64"),
        ("wet", "bool"),
        ("name", "string"),
        ("picture", "file"),
        ("tags", "json"),
    ]
    assert ColumnForm(tensors).optional == {"tags"}


def test_what_is_left_out_stands_in_no_input(form):
    assert form.split(None, {"name": Flat((2, 1), ["x", "y"])}) == [{"name": "x"}, {"name": "y"}]


def test_an_instance_is_an_input_or_the_columns_of_the_only_tensor(bundled):
    model, version = bundled.resolve("wine")
    instance = model.tensors.of_instance
    assert instance(version, model.example) == model.example
    assert instance(version, list(model.example.values())) == model.example
    assert instance(version, [1.0]) == [1.0]


@pytest.mark.parametrize("name", ["digits", "shapes", "wine"])
def test_the_bundled_examples_fit_their_tensors(bundled, name):
    model, version = bundled.resolve(name)
    fields = [of for tensor in model.tensors._tensors.inputs for of in tensor.of]
    assert sorted(fields) == sorted(model.example)
    for spec in model.tensors.inputs(version):
        assert spec.shape[0] == "rows"
