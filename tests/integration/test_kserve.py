"""KServe's own client, in an environment of its own."""

import sys
from collections.abc import Callable

import pytest


@pytest.mark.long
@pytest.mark.timeout(400)  # the first time its environment is made
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="kserve is for Python up to 3.13")
def test_it_predicts_over_v1_and_v2(system, run_client: Callable[..., str]) -> None:
    run_client("kserve", "checks.py", system.url)
