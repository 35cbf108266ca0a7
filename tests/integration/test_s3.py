"""The whole system with its large payloads in a bucket."""

import httpx2
import pytest

from shared.settings import BUNDLED_MODELS_DIR

SAMPLE = BUNDLED_MODELS_DIR / "digits" / "samples" / "0003-label-3.png"


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
        file = client.upload(SAMPLE)
        assert client.predict("digits", {"image": file}, timeout_seconds=60)["label"] == 3
        assert httpx2.get(file.urls["content"]).content == SAMPLE.read_bytes()
        client.delete_file(file)
    assert list((system.data_dir / "blobs").iterdir()) == []
