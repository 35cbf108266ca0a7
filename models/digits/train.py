"""Trains both digit models: `python -m models.digits.train` (extra `train`).

The same data and the same seeds give the same files on the same machine.
"""

import json
from pathlib import Path
from typing import Any

from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from models.convolution import Design, Weights, train
from models.convolution_export import from_convolution
from models.digits.pages import Digits, page, split, training_rows
from models.digits.processing import FULL_INK, SIDE
from models.onnx_export import from_sklearn, publish

FOLDER = Path(__file__).parent
SAMPLES_PER_DIGIT = 5
DESIGN = Design(side=SIDE, channels=(16, 32), pools=(False, True), classes=10)


def fit_perceptron(digits: Digits) -> Pipeline:
    """Version 1: one hidden layer of 96."""
    perceptron = MLPClassifier((96,), alpha=0.1, max_iter=200, tol=1e-3, random_state=7)
    return make_pipeline(MaxAbsScaler(), perceptron).fit(*training_rows(digits, turns=1))


def perceptron_to_onnx(pipeline: Pipeline) -> Any:
    return from_sklearn(pipeline, "pixels", SIDE * SIDE)


def fit_convolution(digits: Digits, epochs: int = 12) -> Weights:
    """Version 2: two convolutions; about 20 s on one core."""
    rows, labels = training_rows(digits, turns=4)
    images = rows.reshape(-1, SIDE, SIDE, 1) / FULL_INK
    return train(DESIGN, images, labels, epochs=epochs, seed=7)


def convolution_to_onnx(weights: Weights) -> Any:
    return from_convolution(DESIGN, weights, "pixels", 1 / FULL_INK)


def write_samples(digits: Digits) -> None:
    """Held-out digits as PNG files whose names hold the truth, listed in `samples.json`."""
    samples = []
    left = dict.fromkeys(range(10), SAMPLES_PER_DIGIT)
    for number, row, label in zip(
        digits.numbers, digits.cells, digits.labels.tolist(), strict=True
    ):
        if not left[label]:
            continue
        left[label] -= 1
        file = f"{number:04d}-label-{label}.png"
        page(row).save(FOLDER / "samples" / file, optimize=True)
        samples.append({"field": "image", "file": file, "truth": label})
    (FOLDER / "samples" / "samples.json").write_text(json.dumps(samples, indent=1) + "\n")


def main() -> None:
    training, held_out = split()
    write_samples(held_out)
    print("digits 1:", publish(perceptron_to_onnx(fit_perceptron(training)), FOLDER, "1"))
    print("digits 2:", publish(convolution_to_onnx(fit_convolution(training)), FOLDER, "2"))


if __name__ == "__main__":
    main()
