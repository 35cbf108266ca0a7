"""Processes die, stand still, are asked to stop: every accepted job reaches its end, once."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from loadtests.bench.processes import held
from workers.cores import available_cores

ZOMBIE_SECONDS = 7.0
"""Beyond a heartbeat of 4 s, and the sweep behind it."""

JUST_STARTED_SECONDS = 12
"""While Redis is younger, a missing heartbeat proves nothing."""


@pytest.mark.fault("F1")
def test_a_predict_worker_is_killed_while_it_runs_jobs(system) -> None:
    system.submit(20, "slow", seconds=0.2)
    os.kill(system.holder("predict", "slow"), signal.SIGKILL)
    system.all_end("F1", "a predict worker of two killed")
    assert max(system.executions().values()) <= 2


@pytest.mark.fault("F2")
def test_a_preprocess_worker_is_killed(system) -> None:
    system.submit(20, "slow", seconds=0.05)
    system.signal("preprocess", signal.SIGKILL)
    system.submit(5)
    system.all_end("F2", "preprocess killed")


@pytest.mark.long
@pytest.mark.fault("F3")
@pytest.mark.parametrize("role", ["api", "preprocess", "predict", "record", "deliver"])
def test_all_processes_of_a_kind_are_killed(system, role: str) -> None:
    system.submit(30, "slow", seconds=0.02)
    system.signal(role, signal.SIGKILL)
    system.submit(5)
    system.all_end("F3", f"{role} killed")


@pytest.mark.long
@pytest.mark.fault("F4")
@pytest.mark.parametrize("role", ["preprocess", "predict", "record"])
def test_a_bell_that_dies_with_who_heard_it_is_rung_again(system, role: str) -> None:
    with held(system.pids(role)):
        system.submit(20)
        system.signal(role, signal.SIGKILL)
    system.all_end("F4", f"{role} held, rung, killed")


@pytest.mark.long
@pytest.mark.fault("F5")
def test_the_outcome_of_a_zombie_does_not_count(system, until) -> None:
    server = system.servers.redis.client()
    until(lambda: server.info("server")["uptime_in_seconds"] > JUST_STARTED_SECONDS)
    jobs = system.submit(available_cores(), "slow", seconds=1.0)
    until(lambda: all(system.client.get(job.id).stage == "predicting" for job in jobs))
    with held(system.pids("predict")):
        stood_still_from = datetime.now(UTC)
        time.sleep(ZOMBIE_SECONDS)
    done = system.all_end("F5", f"predict stood still for {ZOMBIE_SECONDS:g} s")
    assert min(system.attempts(*done)) > 1
    assert all(one.started_at > stood_still_from for one in done)  # the later attempt's outcome
    assert system.running.contradictions() == []


@pytest.mark.long
@pytest.mark.fault("F7")
def test_who_is_asked_to_stop_finishes_what_runs(system, until) -> None:
    (job,) = system.submit(1, "slow", seconds=2.0)
    system.runs(job)
    number = system.jobs[job.id]
    pids = system.signal("predict", signal.SIGTERM)
    begun = time.monotonic()
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids))  # noqa: PTH110
    assert time.monotonic() - begun < 10
    system.all_end("F7", "predict asked to stop")
    assert system.executions()[number] == 1


@pytest.mark.long
@pytest.mark.fault("F8")
def test_who_is_told_to_quit_leaves_its_work_to_others(system) -> None:
    jobs = system.submit(4, "slow", seconds=1.0)
    system.runs(*jobs)
    system.signal("predict", signal.SIGQUIT)
    system.all_end("F8", "predict told to quit")


@pytest.mark.long
@pytest.mark.fault("F12")
def test_one_of_two_sweepers_is_killed(system) -> None:
    command = [sys.executable, "-m", "workers.sweeper"]
    second = subprocess.Popen(command, env=system.environment("sweeper"))
    try:
        system.submit(20, "slow", seconds=0.05)
        system.signal("predict", signal.SIGKILL)
        system.signal("sweeper", signal.SIGKILL)
        system.all_end("F12", "sweeper and predict killed, another sweeper runs")
    finally:
        second.terminate()
        second.wait()


@pytest.mark.long
@pytest.mark.fault("F13")
def test_what_was_lost_while_nobody_swept_is_found_afterwards(system) -> None:
    with held(system.pids("sweeper")):
        with held(system.pids("predict")):
            system.submit(20)
            system.signal("predict", signal.SIGKILL)
        time.sleep(ZOMBIE_SECONDS)
    system.all_end("F13", "predict killed while the sweeper stood still")
