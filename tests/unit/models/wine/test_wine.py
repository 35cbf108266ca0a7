import json

import numpy as np
import pytest

from models.processors import load_processor
from models.wine import train
from models.wine.contract import EXAMPLE, Output
from shared.errors import InvalidInput, UnknownField


@pytest.fixture(scope="module")
def data():
    return train.split()


@pytest.fixture
def check(bundled):
    model, version = bundled.resolve("wine")
    return lambda value: model.validate_input(version, value)


def test_the_file_answers_as_scikit_learn_does(bundled, run_model, data):
    _, version = bundled.resolve("wine")
    tensors = {"measurements": data.held_out_x.astype(np.float32)}
    expected = train.fit(data).predict_proba(data.held_out_x)
    found = run_model(version, tensors)["probabilities"]
    assert np.abs(found - expected).max() <= 1e-5


def test_all_held_out_samples_are_valid_and_nearly_all_right(bundled, run_model):
    model, version = bundled.resolve("wine")
    processor = load_processor(model, version)
    samples = json.loads((model.folder / "samples" / "samples.json").read_text())
    right = 0
    for sample in samples:
        model.validate_input(version, sample["input"])
        tensors = processor.preprocess(sample["input"])
        output = processor.postprocess(run_model(version, tensors))
        Output.model_validate(output)
        right += output["label"] == sample["truth"]
    assert right / len(samples) >= 0.95


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -1.0, 1e999, 101.0, True, "13.2", None, [13.2], {}, 10**400],
)
def test_a_measurement_that_is_no_plausible_number_is_named(check, value):
    with pytest.raises(InvalidInput) as refused:
        check({**EXAMPLE, "ash": value})
    assert [error.pointer for error in refused.value.errors] == ["/input/ash"]
    assert type(refused.value) is InvalidInput


def test_whole_numbers_are_numbers(check):
    check({**EXAMPLE, "proline": 1050})


def test_a_missing_measurement_is_named(check):
    with pytest.raises(InvalidInput) as refused:
        check({name: value for name, value in EXAMPLE.items() if name != "hue"})
    assert refused.value.errors[0].pointer == "/input/hue"
    assert refused.value.detail == "/input/hue: Field is required"


def test_a_field_that_is_not_known_is_named(check):
    with pytest.raises(UnknownField) as refused:
        check({**EXAMPLE, "colour/~": 1})
    assert refused.value.errors[0].pointer == "/input/colour~1~0"


@pytest.mark.parametrize("value", [None, [], "x", 3, [EXAMPLE]])
def test_an_input_that_is_no_object_is_refused(check, value):
    with pytest.raises(InvalidInput, match=r"^/input: Input should be an object$"):
        check(value)


def test_at_most_twenty_errors_are_listed(check):
    with pytest.raises(InvalidInput) as refused:
        check({str(number): 1 for number in range(100)})
    assert len(refused.value.errors) == 20


def test_the_schema_describes_every_measurement(bundled):
    model, version = bundled.resolve("wine")
    schema = model.input_schema(version)
    assert len(schema["required"]) == 13
    assert all(field["description"] for field in schema["properties"].values())
    assert schema["examples"] == [model.example]
