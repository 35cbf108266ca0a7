import subprocess
import sys
from time import thread_time

import pytest

from models.registry import Registry
from shared.errors import (
    InvalidModelName,
    InvalidParameter,
    ModelNotFound,
    StartupRefused,
    VersionNotFound,
)
from shared.settings import BUNDLED_MODELS_DIR

LIGHT = """
import sys
from pathlib import Path
from models.registry import Registry
registry = Registry.load([Path("models")])
assert list(registry.models) == ["digits", "shapes", "wine"], registry.refused
for model in registry.models.values():
    for version in model.versions.values():
        model.validate_input(version, model.example)
        model.input_schema(version), model.output_schema(version)
heavy = {"numpy", "onnx", "onnxruntime", "sklearn", "celery", "redis", "sqlalchemy", "fastapi"}
print(",".join(sorted(heavy & set(sys.modules))))
"""


def test_all_bundled_models_are_served(bundled):
    assert list(bundled.models) == ["digits", "shapes", "wine"]
    assert bundled.refused == ()


def test_loading_and_validating_needs_no_heavy_library():
    root = BUNDLED_MODELS_DIR.parent
    run = subprocess.run(
        [sys.executable, "-c", LIGHT], cwd=root, check=False, capture_output=True, text=True
    )
    assert (run.stdout.strip(), run.stderr) == ("", "")


def test_loading_the_bundled_models_takes_under_150_ms():
    def seconds() -> float:
        begun = thread_time()  # servers of other tests run in other threads
        Registry.load([BUNDLED_MODELS_DIR])
        return thread_time() - begun

    assert min(seconds() for _ in range(3)) < 0.15  # a collection of garbage may fall into one


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("digits", "digits:2"),
        ("digits:1", "digits:1"),
        ("digits@champion", "digits:2"),
        ("wine", "wine:1"),
    ],
)
def test_references_are_resolved(bundled, reference, found):
    model, version = bundled.resolve(reference)
    assert version.reference == found
    assert model.versions[version.version] is version


def test_a_digest_names_its_version(bundled):
    digest = bundled.get("digits").versions["1"].digest
    assert bundled.resolve(digest)[1].reference == "digits:1"


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        ("1", InvalidParameter),
        ("nothing", ModelNotFound),
        ("digits:9", VersionNotFound),
        ("digits@nobody", VersionNotFound),
        ("digits:", VersionNotFound),
        ("digits@", VersionNotFound),
        ("f" * 64, VersionNotFound),
        ("../../etc/passwd", InvalidModelName),
        ("Digits", InvalidModelName),
        ("", InvalidModelName),
        (":1", InvalidModelName),
        ("a" * 300, InvalidModelName),
    ],
)
def test_references_to_nothing_are_told_apart(bundled, reference, error):
    with pytest.raises(error) as raised:
        bundled.resolve(reference)
    assert type(raised.value) is error


def test_a_bare_version_number_is_told_the_two_forms(bundled):
    with pytest.raises(InvalidParameter, match="`name:version` or its 64-hex digest"):
        bundled.resolve("1")


def test_the_others_serve_on_when_one_is_refused(write_folder, copying_model):
    model = copying_model(x=("float32", ["rows", 2]))
    root = write_folder("good", model)
    write_folder("bad", model, 'lane = "NO"')
    registry = Registry.load([root])
    assert list(registry.models) == ["good"]
    assert [refused.name for refused in registry.refused] == ["bad"]


def test_the_first_of_two_models_with_one_name_wins(write_folder, copying_model):
    root = write_folder("wine", copying_model(x=("float32", ["rows", 2])))
    registry = Registry.load([BUNDLED_MODELS_DIR, root])
    assert registry.get("wine").folder == BUNDLED_MODELS_DIR / "wine"
    (refused,) = registry.refused
    assert refused.reason.endswith("already serves this name")


def test_a_models_folder_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(StartupRefused, match="does not exist"):
        Registry.load([tmp_path / "nowhere"])
