"""The wine model alone: peers have environments of their own, with numpy and onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from models.versions import Version
from models.wine.processing import postprocess, preprocess

FILE = Path(__file__).parents[3] / "models" / "wine" / "1" / "model.onnx"
VERSION = Version("wine", "1", "", FILE, (), ())


class Wine:
    """A session with one thread: peers have a process per core."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(FILE, options)

    def predict(self, inputs: list[dict[str, float]]) -> list[dict[str, Any]]:
        """One output per input, from one run."""
        rows = [preprocess(one, VERSION)["measurements"] for one in inputs]
        feeds = {"measurements": np.concatenate(rows)}
        (probabilities,) = self._session.run(["probabilities"], feeds)
        return [
            postprocess({"probabilities": probabilities[n : n + 1]}, VERSION)
            for n in range(len(inputs))
        ]
