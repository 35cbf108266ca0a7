"""Draws pictures and trains the shape model: `python -m models.shapes.train` (extra `train`)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from models.convolution import Design, Weights, train
from models.convolution_export import from_convolution
from models.ink import drawn_cells
from models.onnx_export import publish
from models.shapes.drawing import picture
from models.shapes.processing import LABELS, SIDE

FOLDER = Path(__file__).parent
TRAINING, SAMPLES = 2400, 16
TRAINING_SEED, HELD_OUT_SEED = 7, 8
DESIGN = Design(side=SIDE, channels=(8, 16, 16), pools=(True, True, True), classes=len(LABELS))


def pictures(count: int, seed: int) -> Iterator[tuple[Image.Image, str]]:
    """(picture, truth): all labels in turn; a seed always gives the same pictures."""
    random = np.random.default_rng(seed)
    for number in range(count):
        label = LABELS[number % len(LABELS)]
        yield picture(label, random), label


def fit(count: int = TRAINING, epochs: int = 10) -> Weights:
    """About 30 s on one core."""
    drawn = list(pictures(count, TRAINING_SEED))
    greys = (np.asarray(image.convert("L")) for image, _ in drawn)
    images = np.stack([drawn_cells(grey, SIDE, 1.0) for grey in greys])[..., np.newaxis]
    labels = np.array([LABELS.index(label) for _, label in drawn])
    return train(DESIGN, images, labels, epochs=epochs, seed=7)


def to_onnx(weights: Weights) -> Any:
    return from_convolution(DESIGN, weights, "pixels", 1.0)


def write_samples() -> None:
    """The first held-out pictures; their names hold the truth, `samples.json` lists them."""
    samples = []
    for number, (image, label) in enumerate(pictures(SAMPLES, HELD_OUT_SEED)):
        file = f"{number:04d}-label-{label}.png"
        image.save(FOLDER / "samples" / file, optimize=True)
        samples.append({"field": "image", "file": file, "truth": label})
    (FOLDER / "samples" / "samples.json").write_text(json.dumps(samples, indent=1) + "\n")


def main() -> None:
    write_samples()
    print("shapes 1:", publish(to_onnx(fit()), FOLDER, "1"))


if __name__ == "__main__":
    main()
