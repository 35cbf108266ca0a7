"""A worker that consumes nothing is not alive, however well its other threads are."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.backlog.consumers import living
from workers.alive import is_alive
from workers.watchdog import EXIT_STATUS

SCRIPT = Path(__file__).with_name("deaf_worker.py")
PATIENCE_SECONDS = 30.0


@pytest.fixture
def start(valkey, settings) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts a worker, `deaf` or `hearing`, whose file is `alive`."""
    started: list[subprocess.Popen[bytes]] = []
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "QUEUECAST_REDIS_URL": settings.redis_url.get_secret_value(),
        "QUEUECAST_DATA_DIR": str(settings.data_dir),
        "QUEUECAST_HEARTBEAT_SECONDS": "0.3",
        "QUEUECAST_ALIVE_FILE": str(settings.data_dir / "alive"),
    }

    def run(ears: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(SCRIPT), "preprocess", ears]
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.long
def test_a_deaf_worker_ends_and_its_heartbeat_with_it(start, valkey, settings) -> None:
    process = start("deaf")
    assert process.wait(PATIENCE_SECONDS) == EXIT_STATUS
    assert living(valkey, settings.key_prefix) == []


@pytest.mark.long
def test_a_worker_that_hears_lives_on_and_leaves_no_canary(start, valkey, settings) -> None:
    process, until = start("hearing"), time.monotonic() + PATIENCE_SECONDS
    while not living(valkey, settings.key_prefix):
        assert time.monotonic() < until
        time.sleep(0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(5)
    assert is_alive(settings.data_dir / "alive")
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert valkey.keys("*canary*") == valkey.keys("*quarantine*") == []
