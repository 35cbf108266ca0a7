"""The real inputs of the demo: what each model was never trained on, with the truth."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.settings import BUNDLED_MODELS_DIR


@dataclass(frozen=True, slots=True)
class Sample:
    """`input` holds a Path where the model takes an image."""

    model: str
    name: str
    input: dict[str, Any]
    truth: str


def bundled_samples(folder: Path = BUNDLED_MODELS_DIR) -> list[Sample]:
    """Every entry of `<model>/samples/samples.json`: an input, or a file for one of its fields."""
    return [
        _sample(file.parent, number, entry)
        for file in sorted(folder.glob("*/samples/samples.json"))
        for number, entry in enumerate(json.loads(file.read_text()))
    ]


def _sample(folder: Path, number: int, entry: dict[str, Any]) -> Sample:
    model, truth = folder.parent.name, str(entry["truth"])
    if "file" in entry:
        return Sample(model, entry["file"], {entry["field"]: folder / entry["file"]}, truth)
    return Sample(model, f"row {number}", entry["input"], truth)
