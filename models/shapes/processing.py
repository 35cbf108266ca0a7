"""From a picture to a 32 x 32 grid of 0 (ground) to 1 (shape)."""

from typing import Any

import numpy as np

from models.image_pixels import grey_pixels
from models.ink import drawn_cells
from models.versions import Version

LONGEST_SIDE = 256
SIDE = 32
LABELS = ("circle", "square", "triangle", "star")


def preprocess(input: dict[str, str], _version: Version) -> dict[str, np.ndarray]:
    """`pixels`, float32 [1, 1024]. Raises JobFailed(invalid_image)."""
    grid = drawn_cells(grey_pixels(input["image"], LONGEST_SIDE), SIDE, 1.0)
    return {"pixels": grid.reshape(1, SIDE * SIDE)}


def postprocess(outputs: dict[str, np.ndarray], _version: Version) -> dict[str, Any]:
    row: list[float] = outputs["probabilities"][0].tolist()
    return {
        "label": LABELS[row.index(max(row))],
        "probabilities": dict(zip(LABELS, row, strict=True)),
    }
