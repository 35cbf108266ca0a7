"""Whoever was stopped, and not killed, is replaced; whatever it held is done by others."""

import os
import signal
import time

import pytest

PATIENCE_SECONDS = 90.0


@pytest.mark.long
def test_processes_that_stand_still_are_replaced(own_system) -> None:
    """SIGSTOP leaves a process that exists and does nothing: nobody hears of a death."""
    system = own_system()
    stopped = [pid for role in ("predict", "record", "sweeper") for pid in system.pids(role)]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    with system.client() as client:
        job = client.submit("affine", {"x": [[2.0]]})
        assert client.wait(job, timeout_seconds=PATIENCE_SECONDS).output == {"y": [[7.0]]}
    until = time.monotonic() + PATIENCE_SECONDS
    while set(stopped) & {one["pid"] for one in system.state["processes"]}:
        assert time.monotonic() < until
        time.sleep(0.5)
