"""What tests of every tier need."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.local.environments import installing, making
from deploy.local.paths import ROOT
from deploy.local.pip_trouble import explain
from shared.clock import FakeClock
from shared.domain.ids import new_job_id
from shared.jobs.new_job import NewJob
from shared.settings import Settings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
CLIENTS = ROOT / "tests" / "clients"
ENVIRONMENTS = ROOT / ".venv" / "clients"
CLIENT_SECONDS = 90


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


@pytest.fixture(scope="session")
def run_client() -> Callable[..., str]:
    """Runs a script of `tests/clients/<client>` with that client's own Python.

    It gives what was printed; a script that fails, fails the test with what it said.
    """

    def run(client: str, *arguments: str, seconds: float = CLIENT_SECONDS) -> str:
        command = [client_python(client), *arguments]
        # Without our PYTHONPATH: `queuecast` and `shared` are not there, and no package of ours.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        done = subprocess.run(
            command,
            cwd=CLIENTS / client,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{client} {' '.join(arguments)}\n{done.stdout[-4000:]}", pytrace=False)
        return done.stdout

    return run


@pytest.fixture(scope="session")
def python_of() -> Callable[[str], Path]:
    """The Python of one of `tests/clients`, with that client in it."""
    return client_python


def client_python(client: str) -> Path:
    """The interpreter of the client's environment."""
    return locked_python(client, CLIENTS / client / "requirements.lock")


def locked_python(name: str, lock: Path) -> Path:
    """The interpreter of a lock's environment, made when it is first asked for, and kept."""
    home = ENVIRONMENTS / f"{name}-{sha256(lock.read_bytes()).hexdigest()[:12]}"
    python, complete = home / "bin" / "python", home / "complete"
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / f"{name}.guard").open("ab") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(home, ignore_errors=True)
            uv = shutil.which("uv")
            for command in (making(home, uv), installing(lock, python, uv)):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    pytest.fail(f"{lock}: {explain(done.stdout + done.stderr)}", pytrace=False)
            complete.touch()
    return python
