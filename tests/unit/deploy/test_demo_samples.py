from collections import Counter
from pathlib import Path

from deploy.local.demo_samples import bundled_samples


def test_the_demo_has_at_least_50_real_inputs_of_every_bundled_model():
    samples = bundled_samples()
    assert len(samples) >= 50
    assert set(Counter(sample.model for sample in samples)) >= {"digits", "wine", "shapes"}
    assert all(sample.truth for sample in samples)


def test_pictures_are_files_that_exist():
    files = [
        value
        for sample in bundled_samples()
        for value in sample.input.values()
        if isinstance(value, Path)
    ]
    assert files
    assert all(file.is_file() for file in files)


def test_entries_are_inputs_or_files_for_a_field(tmp_path):
    folder = tmp_path / "mine" / "samples"
    folder.mkdir(parents=True)
    entries = '[{"input": {"x": 1}, "truth": 2}, {"field": "f", "file": "a.png", "truth": "b"}]'
    (folder / "samples.json").write_text(entries)
    row, picture = bundled_samples(tmp_path)
    assert (row.model, row.name, row.input, row.truth) == ("mine", "row 0", {"x": 1}, "2")
    assert picture.input == {"f": folder / "a.png"}
