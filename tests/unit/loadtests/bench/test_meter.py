import os
import time
from dataclasses import replace

import pytest

from loadtests.bench import processes
from loadtests.bench.meter import metered


@pytest.fixture
def service(job_service):
    """A service whose one process is this one."""
    return replace(job_service, processes=lambda: {"api": [os.getpid()]})


def spin(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_what_the_block_costs_is_told_per_job(service):
    with metered(service, jobs=10) as figures:
        spin(0.2)
    assert 18 <= figures["cpu_ms:api"] < 40  # counted in ticks of 10 ms
    assert 0 <= figures["others_cpu"] <= 1
    assert figures["cpu_ms"] == figures["cpu_ms:api"]
    assert figures["peak_mib"] > 10


def test_a_system_without_redis_has_no_figures_of_it(service):
    with metered(service, jobs=1) as figures:
        pass
    assert not any(name.startswith("redis") for name in figures)


def test_where_processes_cannot_be_seen_their_figures_are_left_out(service, monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "PROC", tmp_path / "none")
    with metered(service, jobs=1) as figures:
        pass
    assert list(figures) == ["client_cpu_ms"]
