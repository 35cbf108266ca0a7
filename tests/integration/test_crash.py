"""Any process may die at any moment: every accepted job reaches its end, and none twice."""

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import select

from queuecast import AsyncClient, Prediction, Retries
from shared.db.engine import create_database_engine, reading
from shared.prediction_log.table import log_table

JOBS = 300
PATIENCE_SECONDS = 60.0


def submit_and_wait(system, after_some: Callable[[], None]) -> list[Prediction]:
    """300 jobs from 16 connections; `after_some` runs once a third of them is accepted."""
    some = threading.Event()

    async def work() -> list[Prediction]:
        accepted = 0
        retries = Retries(attempts=40, first_seconds=0.1, longest_seconds=1.0)
        url = system.state["api_url"]
        async with AsyncClient(url, timeout_seconds=10, retries=retries) as client:
            turn = asyncio.Semaphore(16)

            async def submit(number: int) -> str:
                nonlocal accepted
                async with turn:
                    job = await client.submit("affine", {"x": [[float(number)]]})
                accepted += 1
                if accepted > JOBS // 3:
                    some.set()
                return job.id

            ids = await asyncio.gather(*map(submit, range(JOBS)))
            waits = (client.wait(one, timeout_seconds=PATIENCE_SECONDS) for one in ids)
            return await asyncio.gather(*waits)

    def act() -> None:
        some.wait(PATIENCE_SECONDS)
        after_some()

    fault = threading.Thread(target=act)
    fault.start()
    try:
        return asyncio.run(work())
    finally:
        some.set()
        fault.join()


def assert_all_ended_once(system, done: list[Prediction]) -> None:
    outputs = [one.output for one in done]
    assert outputs == [{"y": [[3.0 * number + 1]]} for number in range(JOBS)]
    engine = create_database_engine(system.state["database_url"])
    with reading(engine) as connection:
        logged = Counter(connection.execute(select(log_table.c.job_id)).scalars())
    engine.dispose()
    assert {one.id for one in done} <= set(logged)
    assert set(logged.values()) == {1}


@pytest.mark.long
@pytest.mark.parametrize(
    "role", ["api", "preprocess", "predict", "record", "deliver", "sweeper", "redis"]
)
def test_nothing_is_lost_when_a_process_is_killed(own_system, role: str) -> None:
    system = own_system()
    done = submit_and_wait(system, lambda: system.kill(role))
    assert_all_ended_once(system, done)


@pytest.mark.long
def test_nothing_is_lost_when_redis_forgets_everything(own_system) -> None:
    system = own_system()
    done = submit_and_wait(system, system.flush_redis)
    assert_all_ended_once(system, done)


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
