"""Thirteen numbers in the order of the training table; three probabilities back."""

from typing import Any

import numpy as np

from models.versions import Version

FEATURES = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280_od315",
    "proline",
)
LABELS = ("barolo", "grignolino", "barbera")


def preprocess(input: dict[str, float], _version: Version) -> dict[str, np.ndarray]:
    return {"measurements": np.array([[input[name] for name in FEATURES]], np.float32)}


def postprocess(outputs: dict[str, np.ndarray], _version: Version) -> dict[str, Any]:
    row: list[float] = outputs["probabilities"][0].tolist()
    return {
        "label": LABELS[row.index(max(row))],
        "probabilities": dict(zip(LABELS, row, strict=True)),
    }
