import json
from pathlib import Path
from typing import Any

import pytest

from api.web.samples import samples_of
from shared.settings import BUNDLED_MODELS_DIR


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    def write(*entries: Any) -> Path:
        (tmp_path / "samples").mkdir()
        (tmp_path / "samples" / "samples.json").write_text(json.dumps(entries))
        return tmp_path

    return write


def test_every_truth_has_its_turn() -> None:
    truths = [one.truth for one in samples_of(BUNDLED_MODELS_DIR / "digits")]
    assert sorted(truths[:10]) == [str(digit) for digit in range(10)]


def test_a_folder_without_samples_has_none(tmp_path: Path) -> None:
    assert samples_of(tmp_path) == ()


def test_a_file_elsewhere_is_no_sample(folder: Any) -> None:
    row = {"input": {"x": 1}, "truth": "a"}
    outside = {"field": "image", "file": "../secret.png", "truth": "b"}
    path = folder(row, outside)
    (path / "secret.png").write_bytes(b"x")
    assert [one.truth for one in samples_of(path)] == ["a"]


def test_samples_that_cannot_be_read_are_none(folder: Any) -> None:
    assert samples_of(folder({"truth": "a"})) == ()
