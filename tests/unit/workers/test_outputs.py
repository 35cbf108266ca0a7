from typing import Any

import numpy as np
import pytest

from shared.errors import JobFailed
from workers.outputs import encode_output


class Answers:
    """Postprocesses to whatever it was given."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def preprocess(self, input: Any) -> dict[str, np.ndarray]:
        raise AssertionError

    def postprocess(self, outputs: dict[str, np.ndarray]) -> Any:
        return self._value


def encode(value: Any, *, allow: bool = False, max_bytes: int = 99) -> bytes:
    outputs = {"y": np.ones((1, 1), np.float32)}
    return encode_output(Answers(value), outputs, allow_non_finite=allow, max_bytes=max_bytes)


@pytest.mark.parametrize("value", [float("nan"), {"a": [1.0, float("inf")]}, ((float("-inf"),),)])
def test_a_nan_that_postprocess_made_is_no_null(value: Any) -> None:
    with pytest.raises(JobFailed) as failure:
        encode(value)
    assert failure.value.code == "non_finite_output"
    assert b"null" in encode(value, allow=True)


def test_a_null_that_was_meant_stays_one() -> None:
    assert encode({"label": None, "text": "null"}) == b'{"label":null,"text":"null"}'


def test_an_output_above_its_bound_is_refused() -> None:
    assert encode("x" * 97) == b'"' + b"x" * 97 + b'"'
    with pytest.raises(JobFailed) as failure:
        encode("x" * 98)
    assert failure.value.code == "output_too_large"


def test_what_is_no_json_is_the_models_fault() -> None:
    with pytest.raises(JobFailed) as failure:
        encode(object())
    assert failure.value.code == "postprocess_failed"
