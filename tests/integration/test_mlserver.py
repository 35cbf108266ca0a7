"""MLServer's bulk command, and the V2 contract that it ships, each in an environment of its own."""

import json
import sys
from collections.abc import Callable

import numpy as np
import onnxruntime
import pytest

from shared.settings import BUNDLED_MODELS_DIR

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(400),  # the first time the environments are made
    pytest.mark.skipif(sys.version_info >= (3, 13), reason="mlserver is for Python up to 3.12"),
]


def test_it_sends_a_file_of_requests_in_bulk(system, run_client: Callable[..., str]) -> None:
    said = json.loads(run_client("mlserver", "bulk.py", system.url).splitlines()[-1])
    session = onnxruntime.InferenceSession(BUNDLED_MODELS_DIR / "wine" / "1" / "model.onnx")
    rows = np.array(said["rows"], np.float32)
    expected = session.run(["probabilities"], {"measurements": rows})[0]
    np.testing.assert_allclose(said["probabilities"], expected, atol=1e-5)


def test_its_contract_holds(system, run_client: Callable[..., str]) -> None:
    contract = run_client("mlserver", "contract.py").strip()
    said = run_client("schemathesis", "v2_contract.py", contract, system.url, seconds=300)
    assert "9 selected / 9 total" in said
