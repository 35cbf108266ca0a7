"""From a picture to the 8 x 8 grid that the digit models were trained on, as scikit-learn's are."""

from typing import Any

import numpy as np

from models.image_pixels import grey_pixels
from models.ink import drawn_cells
from models.versions import Version

LONGEST_SIDE = 256
SIDE = 8
FULL_INK = 16.0
DIGITS = tuple("0123456789")


def preprocess(input: dict[str, str], _version: Version) -> dict[str, np.ndarray]:
    """`pixels`, float32 [1, 64], 0 paper to 16. Raises JobFailed(invalid_image)."""
    grid = drawn_cells(grey_pixels(input["image"], LONGEST_SIDE), SIDE, FULL_INK)
    return {"pixels": grid.reshape(1, SIDE * SIDE)}


def postprocess(outputs: dict[str, np.ndarray], _version: Version) -> dict[str, Any]:
    row: list[float] = outputs["probabilities"][0].tolist()
    return {
        "label": row.index(max(row)),
        "probabilities": dict(zip(DIGITS, row, strict=True)),
    }
