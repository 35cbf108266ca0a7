"""Two workers of each stage: whoever is idle starts at once."""

import pytest

pytestmark = pytest.mark.long


@pytest.mark.parametrize("stage", ["preprocess", "predict"])
def test_no_job_waits_for_a_busy_worker_while_another_is_idle(own_system, stage: str) -> None:
    with own_system("--workers", "2").client() as client:
        slow = client.submit("fragile", {"x": 0.0, stage: "sleep", "seconds": 3.0})
        quick = [client.predict("fragile", {"x": float(n)}, timeout_seconds=30) for n in range(8)]
        assert client.get(slow.id).status == "processing"
        assert client.wait(slow, timeout_seconds=30).succeeded
        assert [output["y"] for output in quick] == [2.0 * n for n in range(8)]
