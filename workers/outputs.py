"""A job's output: its own rows of what the model answered, postprocessed, as JSON."""

from math import isfinite
from typing import Any

import numpy as np
import orjson
import structlog

from models.processors import Processor
from shared.domain.failures import Failure
from shared.errors import JobFailed
from workers.tensors import Tensors

log = structlog.get_logger()


def encode_output(
    processor: Processor,
    outputs: Tensors,
    *,
    allow_non_finite: bool,
    max_bytes: int,
    known_finite: bool = False,
) -> bytes:
    """Raises JobFailed when there is no output that the client could be given.

    What is `known_finite`, as the outputs of the whole run were looked at, is not looked at again.
    """
    if not allow_non_finite and not known_finite:
        _require_finite_tensors(outputs)
    try:
        value = processor.postprocess(outputs)
        encoded = orjson.dumps(value)
    except JobFailed:
        raise
    except Exception as error:
        log.exception("postprocess_raised")
        name = type(error).__name__
        raise JobFailed(Failure.POSTPROCESS_FAILED, f"postprocess raised {name}") from error
    # JSON has no NaN: one that postprocess made would reach the client as null.
    if b"null" in encoded and not allow_non_finite and _has_non_finite(value):
        raise JobFailed(Failure.NON_FINITE_OUTPUT, "the output is not finite")
    if len(encoded) > max_bytes:
        raise JobFailed(Failure.OUTPUT_TOO_LARGE, f"the output has {len(encoded)} bytes")
    return encoded


def are_finite(outputs: Tensors) -> bool:
    """Whether no tensor holds NaN or an infinity."""
    return all(map(_is_finite, outputs.values()))


def _is_finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _require_finite_tensors(outputs: Tensors) -> None:
    for name, array in outputs.items():
        if not _is_finite(array):
            raise JobFailed(Failure.NON_FINITE_OUTPUT, f"output {name} is not finite")


def _has_non_finite(value: Any) -> bool:
    if isinstance(value, float):
        return not isfinite(value)
    if isinstance(value, dict):
        return any(map(_has_non_finite, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_non_finite, value))
