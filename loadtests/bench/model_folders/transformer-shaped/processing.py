"""Tokens in, a normalised embedding out."""

from typing import Any

import numpy as np

from models.versions import Version


def preprocess(input: dict[str, list[int]], _version: Version) -> dict[str, np.ndarray]:
    """`tokens`, int64 [1, 96]."""
    return {"tokens": np.array([input["tokens"]], np.int64)}


def postprocess(outputs: dict[str, np.ndarray], _version: Version) -> dict[str, Any]:
    pooled = outputs["pooled"][0]
    return {"embedding": (pooled / np.linalg.norm(pooled)).tolist()}
