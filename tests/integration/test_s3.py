"""The whole system with its large payloads in a bucket."""

import httpx2
import pytest


@pytest.mark.long
def test_large_payloads_travel_through_a_bucket(own_system, bucket: str, monkeypatch) -> None:
    monkeypatch.setenv("QUEUECAST_BLOBS_URL", bucket)
    for bound in ("INPUT", "TENSOR", "OUTPUT"):
        monkeypatch.setenv(f"QUEUECAST_INLINE_{bound}_MAX_BYTES", "16")
    system = own_system()
    with system.client() as client:
        job = client.submit("fragile", {"x": 3.0, "padding": 99})
        done = client.wait(job, timeout_seconds=60)
        assert (done.output, done.attempts) == ({"y": 6.0, "padding": "x" * 99}, 1)
        assert httpx2.get(done.urls["input"]).json() == {"x": 3.0, "padding": 99}
    assert list((system.data_dir / "blobs").iterdir()) == []
