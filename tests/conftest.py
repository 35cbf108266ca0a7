"""What tests of every tier need."""

import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from shared.clock import FakeClock
from shared.domain.ids import new_job_id
from shared.jobs.new_job import NewJob
from shared.settings import Settings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    """Stands at noon until a test moves it."""
    return FakeClock(NOON)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a system that nobody runs."""
    return Settings(
        redis_url="unix:///nowhere/redis.sock",
        database_url=f"sqlite:///{tmp_path}/queuecast.db",
        data_dir=tmp_path,
    )


@pytest.fixture
def new_job() -> Callable[..., NewJob]:
    """Makes jobs that differ in nothing but their ids, and in what is asked for."""

    def make(**changes: Any) -> NewJob:
        values: dict[str, Any] = {
            "id": new_job_id(),
            "tenant": "default",
            "model": "wine",
            "version": "1",
            "digest": "d" * 64,
            "input": b'{"alcohol":13.2}',
            "input_hash": "i" * 64,
            "body_hash": "b" * 64,
            "created_at": NOON,
        }
        return NewJob(**(values | changes))

    return make


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A server that speaks S3 and keeps everything in its memory."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    with httpx2.Client(transport=httpx2.HTTPTransport(retries=10)) as client:
        client.get(f"{url}/moto-api/").raise_for_status()
    yield url
    server.terminate()
    server.wait()


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place in a bucket of its own, as `QUEUECAST_BLOBS_URL` names it."""
    name = uuid.uuid4().hex
    httpx2.put(f"{s3_endpoint}/{name}").raise_for_status()
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "tests")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    return f"s3://{name}/pre/fix"
