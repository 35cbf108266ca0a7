"""The last minutes in numbers, from rows of the prediction log."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.backlog.company import Company, Difference, Fact
from shared.db.engine import writing
from shared.domain.ids import new_job_id
from shared.prediction_log import recent
from shared.prediction_log.table import log_table


@pytest.fixture
def ended(container: Any) -> Callable[..., None]:
    """Writes rows of jobs that ended so many seconds ago."""

    def write(*ages: float, **changes: Any) -> None:
        now = container.clock.now()
        row = {
            "tenant": "default", "model": "wine", "version": "1", "digest": "d", "input_hash": "i",
            "input_bytes": 1, "status": "succeeded", "cache": "miss", "attempt": 1,
            "total_time": 0.25, "created_at": now,
        }  # fmt: skip
        ends = [{"job_id": new_job_id(), "completed_at": now - timedelta(seconds=a)} for a in ages]
        with writing(container.engine) as connection:
            connection.execute(log_table.insert(), [row | changes | one for one in ends])

    return write


@pytest.fixture
def overview(client: Any) -> Callable[[], dict[str, Any]]:
    def read() -> dict[str, Any]:
        answer = client.get("/api/v1/overview")
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    return read


def test_of_nothing_there_are_no_times(overview: Any) -> None:
    found = overview()
    assert (found["finished"], found["p50_seconds"], found["cache"]["share"]) == (0, None, None)
    assert (found["queues"], found["workers"]) == (None, None)  # no Redis here


def test_the_last_minute_counts(overview: Any, ended: Any) -> None:
    ended(1, 2, 3, 70)
    ended(5, status="failed", total_time=9.0)
    ended(6, cache="hit", total_time=0.001)
    found = overview()
    assert (found["finished"], found["failed"], found["cache"]["share"]) == (5, 1, 0.2)
    assert (found["p50_seconds"], found["p95_seconds"]) == (0.25, 0.25)
    assert found["per_second"] == pytest.approx(5 / 60, abs=0.01)
    assert sum(one["finished"] for one in found["series"]) >= 1  # the 70 s old one at least


def test_what_others_do_is_not_counted(overview: Any, ended: Any) -> None:
    ended(1, tenant="other")
    ended(1, model="gone")
    assert overview()["finished"] == 0


def test_of_very_many_the_newest_tell_the_speed(
    overview: Any, ended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "NEWEST", 50)
    ended(*(10 + number * 0.1 for number in range(200)))
    found = overview()
    assert found["window_seconds"] < 20
    assert found["finished"] == 50


def test_hosts_are_told_to_operators_alone(keyed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.backlog.who_works import Run, Worker

    worker = Worker("predict", "machine", 7, (Run("wine", "1", 3),))
    monkeypatch.setattr("api.overview.workers", lambda *_: [worker])
    monkeypatch.setattr("api.overview.read_depths", lambda *_: [])
    other = Difference(Fact.MODELS, "predict:machine:7", "new", "old")
    monkeypatch.setattr(Company, "differences", lambda _: [other])
    seen, differ = {}, {}
    for scopes in ("read", "admin"):
        headers = keyed.headers("acme", scopes)
        found = keyed.client.get("/api/v1/overview", headers=headers).json()
        [seen[scopes]], differ[scopes] = found["workers"], found["differ"]
    assert (seen["read"]["host"], seen["admin"]["host"]) == (None, "machine")
    assert differ == {"read": [], "admin": [{"fact": "models", "process": "predict:machine:7"}]}
    assert seen["read"]["running"] == [{"version": "wine:1", "model": "wine", "jobs": 3}]
