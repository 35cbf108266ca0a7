"""What the tools of Docker and Kubernetes say of the files."""

import pytest

from tests.integration.deployment.images import ROOT

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("what", "said"),
    [("dockerfile", "clean"), ("compose", "services"), ("manifests", "production:")],
)
def test_their_own_tools_take_the_files(run_client, what: str, said: str) -> None:
    assert said in run_client("deployment", "judge.py", what, str(ROOT))
