"""What the prediction log tells in numbers, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.prediction_log import statistics as numbers
from shared.prediction_log.statistics import Statistics, Times, statistics
from shared.prediction_log.table import log_table

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def logged(engine: Engine) -> Callable[..., None]:
    """Writes a row of the log, `seconds` after noon."""

    def write(seconds: int = 0, **changes: Any) -> None:
        at = NOON + timedelta(seconds=seconds)
        row = {
            "job_id": new_job_id(), "tenant": "default", "model": "wine", "version": "1",
            "digest": "d", "input_hash": "i", "input_bytes": 1, "status": "succeeded",
            "cache": "miss", "attempt": 1, "total_time": 1.0, "created_at": at,
            "completed_at": at,
        }  # fmt: skip
        with writing(engine) as connection:
            connection.execute(log_table.insert().values(**(row | changes)))

    return write


@pytest.fixture
def read(engine: Engine) -> Callable[..., Statistics]:
    def run(tenant: str = "default", version: str = "1") -> Statistics:
        with reading(engine) as connection:
            return statistics(connection, tenant, "wine", version)

    return run


def test_of_nothing_there_is_nothing(read: Any) -> None:
    nothing = Times(0, 0.0)
    assert read() == Statistics(None, 0, 0, *[nothing] * 6)


def test_counts_and_seconds_are_summed(logged: Any, read: Any) -> None:
    ran = {"queue_time": 0.25, "preprocess_time": 0.5, "predict_time": 2.0, "batch_size": 2}
    logged(1, **ran)
    logged(2, **ran, status="failed", total_time=3.0)
    logged(3, cache="hit", total_time=0.5)
    logged(0, cache="joined", total_time=0.5)
    found = read()
    assert (found.newest, found.predictions, found.runs) == (NOON + timedelta(seconds=3), 4, 1)
    assert (found.succeeded, found.failed) == (Times(3, 2.0), Times(1, 3.0))
    assert found.reused == Times(2, 1.0)
    assert (found.queue, found.preprocess) == (Times(2, 0.5), Times(2, 1.0))
    assert found.predict == Times(2, 4.0)


def test_other_tenants_models_and_versions_do_not_count(logged: Any, read: Any) -> None:
    logged(tenant="other")
    logged(model="digits")
    logged(version="2")
    assert read().predictions == 0
    assert (read("other").predictions, read(version="2").predictions) == (1, 1)


def test_only_the_newest_are_looked_at(logged: Any, read: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(numbers, "NEWEST", 2)
    for second in range(4):
        logged(second, total_time=float(second))
    assert read().succeeded == Times(2, 5.0)


def test_they_are_read_from_an_index(engine: Engine) -> None:
    made: list[tuple[str, Any]] = []
    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: made.append(given[2:4]))
        statistics(connection, "default", "wine", "1")
        statement, values = made[-1]  # SQLite begins with BEGIN
        word = "EXPLAIN QUERY PLAN"
        if engine.dialect.name == "postgresql":  # of few rows all may be read as well
            word = "EXPLAIN (COSTS OFF)"
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_sort = off"))
        plan = [str(row[-1]) for row in connection.exec_driver_sql(f"{word} {statement}", values)]
    assert any("prediction_log_by_version" in line for line in plan)
    assert not [line for line in plan if "TEMP B-TREE" in line or "Sort" in line]
