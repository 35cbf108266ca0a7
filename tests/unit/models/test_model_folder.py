import pytest

from models.registry import Registry

CONTRACT = """
from pydantic import BaseModel, ConfigDict
class Input(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"a": 1}]})
    a: int
class Output(BaseModel):
    b: int
"""
PROCESSING = "def preprocess(input, version): ...\ndef postprocess(outputs, version): ...\n"
X = {"x": ("float32", ["rows", 2])}


@pytest.fixture
def reason(write_folder, copying_model):
    """Why the folder is refused; fails when it is served."""

    def refuse(toml="", model=None, edit=None, **files):
        root = write_folder("copy", model or copying_model(**X), toml, **files)
        if edit:
            edit(root / "copy")
        registry = Registry.load([root])
        assert not registry.models
        (refused,) = registry.refused
        assert refused.name == "copy"
        assert "\n" not in refused.reason
        return refused.reason

    return refuse


def test_only_a_manifest_and_a_file_make_a_model(generic_version):
    model, version = generic_version(**X)
    assert (model.lane, model.max_batch_size, version.reference) == ("cpu", 32, "copy:1")
    assert (model.max_batch_delay_ms, model.preprocess_batch) == (0, 32)
    assert model.example == {"x": [[0.0, 0.0]]}


@pytest.mark.parametrize(
    ("toml", "seconds", "entries"),
    [
        ("", 3600, 100_000),
        ("cache_ttl_seconds = 90\ncache_max_entries = 7", 90, 7),
        ("cache = false\ncache_ttl_seconds = 90", 0, 100_000),
    ],
)
def test_a_model_says_how_long_its_results_count(
    write_folder, copying_model, toml, seconds, entries
):
    served = Registry.load([write_folder("copy", copying_model(**X), toml)]).served["copy"]
    assert (served.cache_seconds, served.cache_entries) == (seconds, entries)


def test_another_hash_is_refused(reason):
    def flip(folder):
        with (folder / "1" / "model.onnx").open("ab") as file:
            file.write(b"\0")

    assert "has the SHA-256" in reason(edit=flip)


def test_a_missing_file_is_refused(reason):
    line = reason(edit=lambda folder: (folder / "1" / "model.onnx").unlink())
    assert line == "1/model.onnx cannot be opened: No such file or directory"


def test_a_symbolic_link_is_refused_even_to_the_right_bytes(reason):
    def link(folder):
        file = folder / "1" / "model.onnx"
        file.rename(folder / "real.onnx")
        file.symlink_to(folder / "real.onnx")

    assert "cannot be opened" in reason(edit=link)


def test_a_folder_that_links_out_of_the_model_is_refused(reason, tmp_path_factory):
    def link(folder):
        outside = tmp_path_factory.mktemp("outside") / "1"
        (folder / "1").rename(outside)
        (folder / "1").symlink_to(outside)

    assert reason(edit=link) == "1/model.onnx lies outside the model's folder"


def test_a_file_that_is_no_model_is_refused(reason, copying_model):
    model = copying_model(**X)
    model.ClearField("graph")
    assert reason(model=model) == "version 1: not an ONNX file: it holds no graph"


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        ('z = { dtype = "float32", shape = ["rows", 2] }', "inputs are x in the file, z in"),
        ('x = { dtype = "int64", shape = ["rows", 2] }', "int64[rows, 2] in model.toml"),
        ('x = { dtype = "float32", shape = ["rows", 3] }', "is float32[rows, 2] in the file"),
        ('x = { dtype = "float32", shape = ["rows"] }', "float32[rows] in model.toml"),
    ],
)
def test_a_signature_that_the_manifest_does_not_promise_is_refused(reason, declared, line):
    assert line in reason(f"[input]\n{declared}")


def test_dimension_names_of_the_manifest_win(generic_version):
    declared = '[input]\nx = { dtype = "float32", shape = ["wines", 2] }'
    _, version = generic_version(declared, **X)
    assert str(version.inputs[0]) == "float32[wines, 2]"


def test_a_fixed_row_dimension_means_one_job_per_run(generic_version):
    model, _ = generic_version(x=("float32", [1, 2]))
    assert model.max_batch_size == 1


def test_a_fixed_row_dimension_with_larger_batches_is_refused(reason, copying_model):
    line = reason("max_batch_size = 8", copying_model(x=("float32", [1, 2])))
    assert line == "version 1: its row dimension is fixed, so max_batch_size must be 1, not 8"


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"contract": CONTRACT}, "contract.py needs a processing.py beside it"),
        ({"contract": "import nowhere_at_all", "processing": ""}, "contract.py: ModuleNotFound"),
        ({"contract": "1 +", "processing": ""}, "contract.py: SyntaxError"),
        ({"contract": "Input = 1", "processing": ""}, "Input and Output should be pydantic"),
        (
            {"contract": CONTRACT.replace('[{"a": 1}]', "[]"), "processing": PROCESSING},
            "contract.py: Input gives no example",
        ),
        (
            {"contract": CONTRACT.replace('{"a": 1}', '{"a": "x"}'), "processing": PROCESSING},
            "its own example is not valid: /input/a",
        ),
    ],
)
def test_a_contract_that_cannot_be_used_is_refused(reason, files, line):
    assert line in reason(**files)


def test_a_folder_of_another_name_than_its_model_is_refused(reason):
    line = reason(edit=lambda folder: rename_in_manifest(folder, "other"))
    assert line == "model.toml names it 'other', the folder is 'copy'"


def rename_in_manifest(folder, name):
    manifest = folder / "model.toml"
    manifest.write_text(manifest.read_text().replace('"copy"', f'"{name}"'))


def test_two_folders_may_each_have_a_contract(write_folder, copying_model):
    write_folder("one", copying_model(**X), contract=CONTRACT, processing=PROCESSING)
    other = CONTRACT.replace("a: int", "c: int").replace('"a"', '"c"')
    root = write_folder("two", copying_model(**X), contract=other, processing=PROCESSING)
    registry = Registry.load([root])
    assert [model.example for model in registry.models.values()] == [{"a": 1}, {"c": 1}]


def test_the_processor_version_changes_with_the_folders_python(write_folder, copying_model):
    for name, line in (("one", ""), ("two", "# another\n")):
        files = {"contract": CONTRACT, "processing": PROCESSING + line}
        root = write_folder(name, copying_model(**X), **files)
    first, second = Registry.load([root]).models.values()
    assert first.processor_version != second.processor_version


def test_a_field_to_hide_that_is_in_no_input_is_refused(reason):
    told = reason('[log]\nredact = ["x", "y"]')
    assert told == "model.toml: log.redact: an input has no field 'y'"


def test_fields_to_hide_are_those_of_the_contract(reason):
    files = {"contract": CONTRACT, "processing": PROCESSING}
    told = reason('[log]\nsample_share = 0.5\nredact = ["a", "a.b"]', **files)
    assert "has no field 'a.b'" in told
