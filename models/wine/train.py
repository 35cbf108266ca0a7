"""Trains the wine model: `python -m models.wine.train` (extra `train`). Same data, same file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from models.onnx_export import from_sklearn, publish
from models.wine.processing import FEATURES, LABELS

FOLDER = Path(__file__).parent
HELD_OUT = 45


@dataclass(frozen=True)
class Split:
    """Rows for training and rows that no training sees."""

    train_x: np.ndarray
    held_out_x: np.ndarray
    train_y: np.ndarray
    held_out_y: np.ndarray


def split() -> Split:
    """The same rows on every machine."""
    x, y = load_wine(return_X_y=True)
    return Split(*train_test_split(x, y, test_size=HELD_OUT, stratify=y, random_state=7))


def fit(data: Split) -> Pipeline:
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))
    return pipeline.fit(data.train_x, data.train_y)


def to_onnx(pipeline: Pipeline) -> Any:
    return from_sklearn(pipeline, "measurements", len(FEATURES))


def write_samples(data: Split) -> None:
    """All held-out wines; `samples.json` has one form in every model folder."""
    samples = [
        {
            "input": dict(zip(FEATURES, row.tolist(), strict=True)),
            "truth": LABELS[truth],
        }
        for row, truth in zip(data.held_out_x, data.held_out_y, strict=True)
    ]
    path = FOLDER / "samples" / "samples.json"
    path.write_text(json.dumps(samples, indent=1) + "\n")


def main() -> None:
    data = split()
    pipeline = fit(data)
    digest = publish(to_onnx(pipeline), FOLDER, "1")
    write_samples(data)
    accuracy = pipeline.score(data.held_out_x, data.held_out_y)
    print(f"wine 1: held-out accuracy {accuracy:.3f}, sha256 {digest}")


if __name__ == "__main__":
    main()
