"""Triton's own HTTP client, in an environment of its own."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from shared.settings import BUNDLED_MODELS_DIR

IMAGE = BUNDLED_MODELS_DIR / "digits" / "samples" / "0003-label-3.png"


def directly(file: Path, name: str, rows: list[list[float]]) -> np.ndarray:
    """What the model answers without a queue."""
    session = onnxruntime.InferenceSession(file)
    return session.run(None, {name: np.array(rows, np.float32)})[-1]


def test_it_finds_the_models_sends_tensors_and_is_told_what_is_wrong(
    system, models_dir: Path, run_client: Callable[..., str]
) -> None:
    said = json.loads(run_client("tritonclient", "checks.py", system.url, str(IMAGE)))
    y = directly(models_dir / "affine" / "1" / "model.onnx", "x", [[x] for x in said["x"]])
    np.testing.assert_array_equal(np.array(said["y"], np.float32), y.ravel())
    wine = BUNDLED_MODELS_DIR / "wine" / "1" / "model.onnx"
    expected = directly(wine, "measurements", said["measurements"])
    np.testing.assert_allclose(said["probabilities"], expected, atol=1e-6)
