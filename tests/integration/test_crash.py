"""Jobs that outlive their system, and jobs that kill workers. More faults are in tests/chaos/."""

import os

import pytest

PATIENCE_SECONDS = 60.0


@pytest.mark.long
def test_yesterdays_jobs_are_finished_today(own_system) -> None:
    yesterday = own_system()
    with yesterday.client() as client:
        first = client.submit("fragile", {"x": 0.0, "preprocess": "sleep", "seconds": 5.0})
        ids = [client.submit("fragile", {"x": float(n)}).id for n in range(1, 20)]
    yesterday.launcher.kill()
    yesterday.launcher.wait()
    today = own_system()
    with today.client() as client:
        done = [client.wait(one, timeout_seconds=PATIENCE_SECONDS) for one in ids]
        assert [one.output["y"] for one in done] == [2.0 * n for n in range(1, 20)]
        assert client.get(first.id).status != "failed"


@pytest.mark.long
@pytest.mark.parametrize("stage", ["preprocess", "predict"])
def test_a_job_that_kills_workers_is_set_aside_after_three(own_system, stage: str) -> None:
    system = own_system()
    with system.client() as client:
        poison = client.submit("fragile", {"x": 1.0, stage: "abort"})
        others = [client.submit("fragile", {"x": float(n)}) for n in range(20)]
        done = [client.wait(one, timeout_seconds=PATIENCE_SECONDS) for one in others]
        assert [one.output["y"] for one in done] == [2.0 * n for n in range(20)]
        ended = client.wait(poison, timeout_seconds=PATIENCE_SECONDS)
    assert (ended.status, ended.error_code) == ("failed", "worker_lost")


@pytest.mark.long
def test_after_ctrl_c_no_process_is_left(own_system) -> None:
    system = own_system()
    pids = [one["pid"] for one in system.state["processes"]]
    assert system.stop() == 0
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
