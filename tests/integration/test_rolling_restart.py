"""Who is asked to stop finishes what runs and puts back the rest: nothing is lost or doubled."""

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from queuecast import Client, Retries
from shared.db.engine import create_database_engine, reading
from shared.prediction_log.table import log_table

PATIENCE_SECONDS = 60.0
ROLES = ("preprocess", "predict", "record", "deliver", "sweeper", "api")
LIMIT_BYTES = 600 << 20
HOARD_BYTES = 140 << 20  # three of these are above four fifths of the limit


def replaced(system, role: str) -> None:
    """Asks every process of a role to stop, one after the other, each once the last is back."""
    for pid in system.pids(role):
        os.kill(pid, signal.SIGTERM)
        until, count = time.monotonic() + PATIENCE_SECONDS, len(system.pids(role))
        while pid in system.pids(role) or len(system.pids(role)) < count:
            assert time.monotonic() < until
            time.sleep(0.1)


def submit_until(system, over: Callable[[], bool]) -> list[str]:
    """Ids of jobs of 20 ms each, submitted for as long as it is not over."""
    ids: list[str] = []
    with Client(system.url, timeout_seconds=10, retries=Retries(attempts=40)) as client:
        while not over():
            shown = {"x": float(len(ids)), "predict": "sleep", "seconds": 0.02}
            ids.append(client.submit("fragile", shown).id)
        for number, job in enumerate(ids):
            done = client.wait(job, timeout_seconds=PATIENCE_SECONDS)
            assert done.output["y"] == 2.0 * number
    return ids


@pytest.mark.long
def test_a_rolling_restart_under_load_loses_and_doubles_nothing(own_system) -> None:
    system = own_system()
    restart = threading.Thread(target=lambda: [replaced(system, role) for role in ROLES])
    restart.start()
    ids = submit_until(system, lambda: not restart.is_alive())
    engine = create_database_engine(system.state["database_url"])
    with reading(engine) as connection:
        logged = dict(connection.execute(select(log_table.c.job_id, log_table.c.attempt)).all())
    engine.dispose()
    assert logged == dict.fromkeys(ids, 1)


@pytest.mark.long
def test_a_worker_that_has_grown_too_large_is_replaced(own_system, monkeypatch) -> None:
    monkeypatch.setenv("QUEUECAST_WORKER_MEMORY_BYTES", str(LIMIT_BYTES))
    system = own_system("--predict-processes", "1")
    [before] = system.pids("predict")
    with system.client() as client:
        hoarding = {"predict": "hoard", "seconds": float(HOARD_BYTES)}
        for number in range(3):
            output = client.predict("fragile", {"x": float(number), **hoarding})
            assert output["y"] == 2.0 * number
        until = time.monotonic() + PATIENCE_SECONDS
        while system.pids("predict") in ([before], []):
            assert time.monotonic() < until
            time.sleep(0.1)
    assert "ended with code 76" in system.data_dir.with_suffix(".log").read_text()
