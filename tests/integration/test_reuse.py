"""Equal inputs: answered from the cache, or run once for all who ask at the same time."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
import redis
from sqlalchemy import Engine, select

from queuecast import AsyncClient, Client, Prediction
from shared.db.engine import create_database_engine, reading
from shared.prediction_log.table import log_table

PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def post(system) -> Callable[..., httpx2.Response]:
    """Submits to `affine` over plain HTTP, with headers; no other test sends these numbers."""

    def run(x: float, **headers: str) -> httpx2.Response:
        url = f"{system.state['api_url']}/api/v1/models/affine/predictions"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.post(url, json={"input": {"x": [[x + 500_000]]}}, headers=sent, timeout=60)

    return run


@pytest.fixture
def answered(post) -> Callable[[float], dict[str, Any]]:
    """A prediction that has run."""

    def run(x: float) -> dict[str, Any]:
        prediction: dict[str, Any] = post(x, prefer="wait=30").json()
        assert (prediction["status"], prediction["cache"]) == ("succeeded", "miss")
        return prediction

    return run


@contextmanager
def database(system) -> Iterator[Engine]:
    engine = create_database_engine(system.state["database_url"])
    yield engine
    engine.dispose()


def slow(number: float, seconds: float = 1.0) -> dict[str, Any]:
    return {"x": number, "preprocess": "sleep", "seconds": seconds}


def test_the_same_input_again_is_answered_at_once(post, answered, client: Client) -> None:
    first = answered(1001.5)
    second = post(1001.5)
    again = second.json()
    assert (second.status_code, again["cache"], again["status"]) == (200, "hit", "succeeded")
    assert again["output"] == first["output"]
    assert again["id"] != first["id"]
    assert again["metrics"].keys() == {"total_time"}
    assert client.get(again["id"]).output == first["output"]


def test_a_hit_has_its_own_log_row(system, post, answered) -> None:
    first = answered(1002.5)
    again = post(1002.5).json()
    ids = [first["id"], again["id"]]
    with database(system) as engine, reading(engine) as connection:
        statement = select(log_table).where(log_table.c.job_id.in_(ids))
        rows = {row["job_id"]: row for row in connection.execute(statement).mappings()}
    assert [rows[one]["cache"] for one in ids] == ["miss", "hit"]
    assert rows[ids[0]]["output"] == rows[ids[1]]["output"]


@pytest.mark.parametrize(("directive", "x"), [("no-cache", 1003.5), ("no-store", 1004.5)])
def test_who_wants_a_run_of_its_own_has_it(post, answered, directive: str, x: float) -> None:
    first = answered(x)
    own = post(x, cache_control=directive, prefer="wait=30").json()
    assert (own["cache"], own["output"]) == ("miss", first["output"])
    assert own["metrics"]["predict_time"] > 0
    assert post(x).json()["cache"] == "hit"


def test_what_is_not_to_be_stored_answers_nobody_else(post) -> None:
    post(1005.5, cache_control="no-store", prefer="wait=30")
    assert post(1005.5, prefer="wait=30").json()["cache"] == "miss"


def test_only_successes_are_reused(client: Client) -> None:
    raising = {"x": 1006.5, "predict": "raise"}
    for _ in range(2):
        done = client.wait(client.submit("fragile", raising), timeout_seconds=30)
        assert (done.status, done.cache) == ("failed", "miss")


def test_a_hit_outlives_the_cache(system, post, answered, client: Client) -> None:
    first = answered(1007.5)
    hit = post(1007.5).json()
    server = redis.Redis.from_url(system.state["redis_url"])
    server.delete(*server.keys("queuecast:results:*"), f"queuecast:job:{first['id']}")
    server.close()
    assert client.get(hit["id"]).output == client.get(first["id"]).output == first["output"]
    assert post(1007.5, prefer="wait=30").json()["cache"] == "miss"


def test_a_thousand_equal_inputs_in_one_request_run_once(client: Client) -> None:
    outcomes = client.submit_many("affine", [{"x": [[1008.5]]}] * 1000)
    ids = {one.id for one in outcomes if isinstance(one, Prediction)}
    assert len(ids) == 1000
    done = [client.wait(one, timeout_seconds=PATIENCE_SECONDS) for one in outcomes]
    assert {tuple(one.output["y"][0]) for one in done} == {(3026.5,)}
    states = Counter(one.cache for one in done)
    assert (states["miss"], states["joined"] + states["hit"]) == (1, 999)


def test_joiners_end_with_their_leader(client: Client) -> None:
    jobs = [client.submit("fragile", slow(1009.0)) for _ in range(5)]
    assert [job.cache for job in jobs] == ["miss", *["joined"] * 4]
    done = [client.wait(job, timeout_seconds=30) for job in jobs]
    assert {one.output["y"] for one in done} == {2018.0}
    assert len({one.completed_at for one in done}) == 1


def test_joiners_fail_with_their_leader(client: Client) -> None:
    raising = slow(1010.0, 0.5) | {"predict": "raise"}
    jobs = [client.submit("fragile", raising) for _ in range(3)]
    done = [client.wait(job, timeout_seconds=30) for job in jobs]
    assert {one.error_code for one in done} == {"postprocess_failed"}


def test_who_cancels_a_joiner_harms_nobody(system, client: Client) -> None:
    leader, gone, stays = (client.submit("fragile", slow(1011.0)) for _ in range(3))
    canceled = httpx2.post(gone.urls["cancel"]).json()
    assert (canceled["status"], canceled["output"]) == ("canceled", None)
    for job in (leader, stays):
        assert client.wait(job, timeout_seconds=30).output["y"] == 2022.0
    assert client.get(gone).status == "canceled"


def test_after_a_canceled_leader_the_next_one_runs(client: Client) -> None:
    leader, heir, follower = (client.submit("fragile", slow(1012.0)) for _ in range(3))
    assert httpx2.post(leader.urls["cancel"]).json()["status"] == "canceled"
    done = [client.wait(job, timeout_seconds=30) for job in (heir, follower)]
    assert [one.cache for one in done] == ["miss", "joined"]
    assert {one.output["y"] for one in done} == {2024.0}


def test_a_joiner_may_be_in_a_greater_hurry(client: Client) -> None:
    leader = client.submit("fragile", slow(1013.0, 2.0))
    hurried = client.submit("fragile", slow(1013.0, 2.0), deadline_seconds=0.3)
    assert client.wait(hurried, timeout_seconds=30).error_code == "deadline_exceeded"
    assert client.wait(leader, timeout_seconds=30).succeeded


def submit_at_once(system, model: str, input: dict[str, Any], jobs: int) -> list[Prediction]:
    """Over 64 connections; answers the ends."""

    async def work() -> list[Prediction]:
        async with AsyncClient(system.state["api_url"], timeout_seconds=60) as client:
            turn = asyncio.Semaphore(64)

            async def one() -> Prediction:
                async with turn:
                    return await client.submit(model, input)

            accepted = await asyncio.gather(*(one() for _ in range(jobs)))
            waits = (client.wait(job, timeout_seconds=PATIENCE_SECONDS) for job in accepted)
            return await asyncio.gather(*waits)

    return asyncio.run(work())


@pytest.mark.long
@pytest.mark.parametrize("api_processes", ["1", "4"])
def test_a_thousand_equal_inputs_at_once_run_once(own_system, api_processes: str) -> None:
    system = own_system("--api-processes", api_processes)
    for number in range(3):
        done = submit_at_once(system, "affine", {"x": [[float(number)]]}, 1000)
        assert {one.output["y"][0][0] for one in done} == {3.0 * number + 1}
        states = Counter(one.cache for one in done)
        assert (states["miss"], states["joined"] + states["hit"]) == (1, 999)


@pytest.mark.long
@pytest.mark.parametrize("role", ["api", "preprocess", "predict", "record", "sweeper", "redis"])
def test_no_joiner_is_lost_when_a_process_is_killed(own_system, role: str) -> None:
    system = own_system()
    with system.client() as client:
        jobs = [client.submit("fragile", slow(float(n % 3), 1.5)) for n in range(30)]
        time.sleep(0.3)  # somewhere in the middle
        system.kill(role)
        done = [client.wait(job, timeout_seconds=PATIENCE_SECONDS) for job in jobs]
    assert [one.output["y"] for one in done] == [2.0 * (n % 3) for n in range(30)]
    assert Counter(one.cache for one in done) == {"miss": 3, "joined": 27}
