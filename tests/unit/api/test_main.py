"""`python -m api`; when it will not start: one line, exit 2."""

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from api.__main__ import allow_open_files

ROOT = Path(__file__).parents[3]


def refusal(*arguments: str, **variables: str) -> str:
    """The one line on standard error."""
    run = subprocess.run(
        [sys.executable, "-m", "api", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    [line] = run.stderr.splitlines()
    return line


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    return {
        "QUEUECAST_REDIS_URL": f"unix://{tmp_path}/redis.sock",
        "QUEUECAST_DATABASE_URL": f"sqlite:///{tmp_path}/queuecast.db",
        "QUEUECAST_DATA_DIR": str(tmp_path),
    }


def test_missing_setting_is_named() -> None:
    assert refusal() == "api: QUEUECAST_REDIS_URL: Field required"


def test_database_without_migrations_is_refused(variables: dict[str, str]) -> None:
    assert "./run migrate" in refusal(**variables)


def test_place_for_blobs_that_is_none_is_refused(
    variables: dict[str, str], migrated_file: Path
) -> None:
    variables["QUEUECAST_DATABASE_URL"] = f"sqlite:///{migrated_file}"
    line = refusal(**variables, QUEUECAST_BLOBS_URL="ftp://host/path")
    assert line == "api: QUEUECAST_BLOBS_URL should look like s3://bucket/prefix"


def test_taken_port_is_named(variables: dict[str, str], migrated_file: Path) -> None:
    variables["QUEUECAST_DATABASE_URL"] = f"sqlite:///{migrated_file}"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refusal("--port", port, **variables)
    assert line == f"api: cannot listen on 127.0.0.1:{port}: Address already in use"


@pytest.mark.parametrize(("wanted", "allowed"), [(300, 300), (100, 256), (1 << 40, None)])
def test_more_files_may_be_open_than_is_usual(wanted: int, allowed: int | None) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        allow_open_files(wanted)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (allowed or before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
