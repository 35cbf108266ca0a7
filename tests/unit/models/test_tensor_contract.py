import pytest

from shared.errors import InputTooLarge, InvalidInput, ShapeMismatch

X = {"x": ("float32", ["rows", 2])}
PAIR = {"ids": ("int64", ["rows", "words"]), "mask": ("uint8", ["rows", "words"])}
SECRET = "do-not-echo"


@pytest.fixture
def refusal(generic_version):
    """What is raised for an input to a model of these tensors."""

    def refuse(tensors, value, toml=""):
        model, version = generic_version(toml, **tensors)
        with pytest.raises(InvalidInput) as raised:
            model.validate_input(version, value)
        return raised.value

    return refuse


@pytest.mark.parametrize(
    ("tensors", "value"),
    [
        (X, {"x": [[1.0, 2]]}),
        (X, {"x": [[1, 2], [3.5, -4e30]]}),
        (X, {"x": [1.0, 2.0]}),
        (PAIR, {"ids": [[1, 2, 3]], "mask": [[0, 1, 255]]}),
        (PAIR, {"ids": [1, 2, 3], "mask": [0, 1, 1]}),
        ({"x": ("float32", [1, 2])}, {"x": [[1, 2]]}),
        ({"x": ("float32", [1, 2])}, {"x": [1, 2]}),
        ({"x": ("float32", ["rows"])}, {"x": [1, 2]}),
        ({"x": ("float32", ["rows"])}, {"x": 7.5}),
        ({"x": ("bool", ["rows", 1])}, {"x": [[True]]}),
        ({"x": ("string", ["rows", 1])}, {"x": [["grüße"]]}),
        ({"x": ("float32", ["rows", 2, 2])}, {"x": [[[1, 2], [3, 4]]]}),
    ],
)
def test_tensors_that_fit_the_signature_are_taken(generic_version, tensors, value):
    model, version = generic_version(**tensors)
    model.validate_input(version, value)


@pytest.mark.parametrize(
    ("tensors", "value", "problem", "detail"),
    [
        (X, {"x": [[1, 2], [3]]}, ShapeMismatch, "ragged"),
        (X, {"x": [[1, 2], 3]}, ShapeMismatch, "ragged"),
        (X, {"x": [[1, [2]]]}, ShapeMismatch, "ragged"),
        (X, {"x": [[[1, 2]]]}, ShapeMismatch, "at most 2 dimensions"),
        (X, {"x": [[1, 2, 3]]}, ShapeMismatch, "expected float32[rows, 2], got the shape [1, 3]"),
        (X, {"x": [1, 2, 3]}, ShapeMismatch, "expected float32[rows, 2], got the shape [3]"),
        (X, {"x": 1.0}, ShapeMismatch, "got the shape []"),
        (X, {"x": []}, InvalidInput, "at least one element"),
        (X, {"x": [[]]}, InvalidInput, "at least one element"),
        (X, {"x": [[1, SECRET]]}, InvalidInput, "expected float32 elements, got a string"),
        (X, {"x": [[1, None]]}, InvalidInput, "got null or an object"),
        (X, {"x": {SECRET: 1}}, InvalidInput, "got null or an object"),
        (X, {"x": [[1, True]]}, ShapeMismatch, "got a boolean"),
        (X, {"x": [[1, float("nan")]]}, InvalidInput, "finite"),
        (X, {"x": [[1, float("inf")]]}, InvalidInput, "finite"),
        (X, {"x": [[1, 10**400]]}, InvalidInput, "finite"),
        (X, {"x": [[1, -1e39]]}, InvalidInput, "out of the range of float32"),
        ({"x": ("float16", ["rows"])}, {"x": [70000]}, InvalidInput, "range of float16"),
        ({"x": ("int64", ["rows"])}, {"x": [2**63]}, InvalidInput, "range of int64"),
        ({"x": ("int64", ["rows"])}, {"x": [-(2**63) - 1]}, InvalidInput, "range of int64"),
        ({"x": ("int64", ["rows"])}, {"x": [1.0]}, ShapeMismatch, "a number with a fraction"),
        ({"x": ("uint8", ["rows"])}, {"x": [-1]}, InvalidInput, "range of uint8"),
        ({"x": ("bool", ["rows"])}, {"x": [1]}, ShapeMismatch, "got a number"),
        ({"x": ("string", ["rows"])}, {"x": ["\0"]}, InvalidInput, "NUL"),
        ({"x": ("string", ["rows"])}, {"x": ["\ud800"]}, InvalidInput, "surrogate"),
    ],
)
def test_each_misfit_names_its_tensor(refusal, tensors, value, problem, detail):
    error = refusal(tensors, value)
    assert type(error) is problem
    assert detail in error.errors[0].detail
    assert error.errors[0].pointer == "/input/x"
    assert SECRET not in str([error.detail, *error.errors])


def test_ragged_lists_below_equal_parents_are_found(refusal):
    tensors = {"x": ("float32", ["rows", "a", "b"])}
    assert "ragged" in refusal(tensors, {"x": [[[1], [1]], [[1, 2], [1, 2]]]}).detail


@pytest.mark.parametrize("value", [None, [], "x", 1, True])
def test_an_input_that_is_no_object_is_refused(refusal, value):
    assert refusal(X, value).errors[0].pointer == "/input"


def test_missing_and_unknown_tensors_are_all_named(refusal):
    error = refusal(PAIR, {"ids": [[1]], "a/b": 1})
    assert type(error) is ShapeMismatch
    assert [each.pointer for each in error.errors] == ["/input/mask", "/input/a~1b"]


def test_tensors_have_the_same_number_of_rows(refusal):
    tensors = {"a": ("float32", ["rows", 1]), "b": ("float32", [None, 1])}
    error = refusal(tensors, {"a": [[1], [2]], "b": [[1]]})
    assert error.detail == "/input/b: expected 2 rows as in the other tensors, got 1"


def test_one_symbol_is_one_size(refusal):
    error = refusal(PAIR, {"ids": [[1, 2]], "mask": [[1, 1, 1]]})
    assert error.errors[0].pointer == "/input/mask"


def test_one_tensor_without_rows_among_others_with_rows_is_refused(refusal):
    assert type(refusal(PAIR, {"ids": [1, 2], "mask": [[1, 1]]})) is ShapeMismatch


@pytest.mark.parametrize(
    ("limits", "value"),
    [("max_rows = 2", [[1, 2]] * 3), ("max_elements = 5", [[1, 2]] * 3)],
)
def test_above_the_limits_it_is_too_large(refusal, limits, value):
    error = refusal(X, {"x": value}, f"[limits]\n{limits}\n")
    assert type(error) is InputTooLarge
    assert error.status == 413


def test_the_limit_counts_the_elements_of_all_tensors(refusal):
    value = {"ids": [[1, 2, 3]], "mask": [[1, 1, 1]]}
    assert type(refusal(PAIR, value, "[limits]\nmax_elements = 5\n")) is InputTooLarge


def test_the_example_and_the_schema_are_those_of_the_file(generic_version):
    model, version = generic_version(**PAIR)
    assert model.example == {"ids": [[0]], "mask": [[0]]}
    schema = model.input_schema(version)
    assert schema["required"] == ["ids", "mask"]
    assert schema["properties"]["ids"]["anyOf"][1] == {
        "type": "array",
        "items": {"type": "integer"},
    }


def test_fixed_sizes_stand_in_the_schema(generic_version):
    model, version = generic_version(**X)
    rows = model.input_schema(version)["properties"]["x"]["anyOf"][0]
    assert rows["items"] == {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 2,
        "maxItems": 2,
    }
