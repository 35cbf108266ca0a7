"""SQL is away, slow, killed, or out of disk: nothing is accepted that is not stored."""

import subprocess
import time
from contextlib import suppress

import httpx2
import psycopg
import pytest


def post(system) -> httpx2.Response:
    body = {"model": "quick", "input": {"x": 1e6}}
    return httpx2.post(f"{system.url}/api/v1/predictions", json=body, timeout=30)


@pytest.fixture(scope="module")
def on_postgresql(start):
    return start("postgres")


@pytest.mark.long
@pytest.mark.fault("F26")
def test_sql_is_out_of_reach(on_postgresql, until) -> None:
    system = on_postgresql
    system.submit(20, "slow", seconds=0.1)
    with system.servers.database.link.being("refuse"):
        assert post(system).status_code == 503
        time.sleep(8)
    until(lambda: post(system).status_code == 202)
    done = system.all_end("F26", "SQL out of reach for 8 s")
    assert system.crashes(*done) == 0


@pytest.mark.long
@pytest.mark.fault("F27")
def test_postgresql_is_killed_and_started(on_postgresql) -> None:
    system = on_postgresql
    system.submit(30, "slow", seconds=0.05)
    system.servers.database.kill()
    assert post(system).status_code == 503
    system.servers.database.start()
    system.submit(10)
    system.all_end("F27", "PostgreSQL killed and started")


@pytest.mark.long
@pytest.mark.fault("F28")
def test_the_connection_dies_between_a_result_and_its_commit(on_postgresql, until) -> None:
    system = on_postgresql
    system.arm("record.written", "3")
    system.submit(10)
    until(lambda: system.was_reached("record.written"))
    url = system.servers.database.direct_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        killed = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in%'"
        ).fetchall()
    assert killed
    system.all_end("F28", "connection killed before its commit")


@pytest.mark.long
@pytest.mark.fault("F30")
def test_sqlite_is_locked(system) -> None:
    system.submit(20, "slow", seconds=0.1)
    with system.servers.database.locked():
        begun = time.monotonic()
        assert post(system).status_code == 503
        assert time.monotonic() - begun < 10
        time.sleep(3)
    system.submit(5)
    system.all_end("F30", "SQLite locked for over 8 s")


@pytest.mark.long
@pytest.mark.fault("F29")
def test_the_disk_is_full(start, until, small_disk) -> None:
    system = start(QUEUECAST_DATABASE_URL=f"sqlite:///{small_disk}/queuecast.db")
    system.submit(5)
    filler = small_disk / "filler"
    fill(filler)
    refused = until(lambda: one_of(post(system), 507, 503))
    assert refused.headers["retry-after"]
    assert system.client.get(next(iter(system.jobs)))
    filler.unlink()
    until(lambda: post(system).status_code == 202)
    system.all_end("F29", "disk full")


def one_of(answer: httpx2.Response, *statuses: int) -> httpx2.Response | None:
    return answer if answer.status_code in statuses else None


def fill(file) -> None:
    with file.open("wb", buffering=0) as growing, suppress(OSError):
        while True:
            growing.write(b"x" * 4096)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MiB; where nobody may mount one, the fault is not run, and says so."""
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(tmp_path)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("F29 not run: there is no mount")
    if mounted.returncode:
        pytest.skip(f"F29 not run: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)
