"""A process whose clock is wrong decides nothing by it that others would see."""

import subprocess
import sys
from pathlib import Path

import libfaketime
import pytest

LIBRARY = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"


@pytest.mark.long
@pytest.mark.fault("F31")
@pytest.mark.parametrize("offset", ["+600", "-600"])
@pytest.mark.parametrize("role", ["predict", "sweeper"])
def test_a_clock_is_ten_minutes_off(system, until, role: str, offset: str) -> None:
    if not LIBRARY.exists():
        pytest.skip("F31 not run: libfaketime is not built for this platform")
    wrong = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}
    module = ["workers.sweeper"] if role == "sweeper" else ["workers", "predict"]
    command = [sys.executable, "-m", *module]
    heard = system.servers.redis.client().scard("queuecast:consumers")
    skewed = subprocess.Popen(command, env=system.environment(role) | wrong)
    try:
        until(lambda: system.servers.redis.client().scard("queuecast:consumers") > heard, 60)
        numbers = [system.jobs[job.id] for job in system.submit(20, "slow", seconds=0.3)]
        system.all_end("F31", f"the clock of a {role} {offset} s")
        assert {system.executions()[number] for number in numbers} == {1}
    finally:
        skewed.terminate()
        skewed.wait()
