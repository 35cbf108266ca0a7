"""The direct answers: each input run through processor and onnxruntime here, without any queue."""

from collections.abc import Sequence
from math import isclose
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import orjson

from loadtests.bench.errors import ArmFailed
from models.processors import Processor, load_processor
from models.registry import Registry
from shared.settings import BUNDLED_MODELS_DIR

TOLERANCE = 1e-5
ROWS = 32


class Direct:
    """Models of the given folders, loaded when first asked for."""

    def __init__(self, models_dirs: Sequence[Path] = ()) -> None:
        self._registry = Registry.load([BUNDLED_MODELS_DIR, *models_dirs])
        self._loaded: dict[str, tuple[Processor, onnxruntime.InferenceSession]] = {}

    def answers(self, model: str, inputs: Sequence[bytes]) -> list[Any]:
        """One output per input, as the model's processor gives it."""
        found: list[Any] = []
        for first in range(0, len(inputs), ROWS):
            found += self._batch(model, inputs[first : first + ROWS])
        return found

    def _batch(self, name: str, inputs: Sequence[bytes]) -> list[Any]:
        processor, session = self._load(name)
        rows = [processor.preprocess(orjson.loads(one)) for one in inputs]
        feeds = {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}
        outputs = [one.name for one in session.get_outputs()]
        values = dict(zip(outputs, session.run(outputs, feeds), strict=True))
        return [
            processor.postprocess({key: value[n : n + 1] for key, value in values.items()})
            for n in range(len(inputs))
        ]

    def _load(self, name: str) -> tuple[Processor, onnxruntime.InferenceSession]:
        if name not in self._loaded:
            model, version = self._registry.resolve(name)
            session = onnxruntime.InferenceSession(version.path)
            self._loaded[name] = load_processor(model, version), session
        return self._loaded[name]


def require_equal(got: Sequence[Any], expected: Sequence[Any]) -> None:
    """Raises ArmFailed when a result is not the direct answer; numbers may differ by 1e-5."""
    wrong = [n for n, pair in enumerate(zip(got, expected, strict=True)) if not is_same(*pair)]
    if wrong:
        first = wrong[0]
        raise ArmFailed(
            f"{len(wrong)} of {len(expected)} results are wrong; "
            f"number {first} is {str(got[first])[:120]} instead of {str(expected[first])[:120]}"
        )


def is_same(got: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and got.keys() == expected.keys()
            and all(is_same(got[key], value) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(got, list) and len(got) == len(expected) and all(map(is_same, got, expected))
        )
    if isinstance(expected, float) and isinstance(got, int | float):
        return isclose(got, expected, rel_tol=0, abs_tol=TOLERANCE)
    return type(got) is type(expected) and bool(got == expected)
