from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.domain.names import Stage
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import store
from shared.prediction_log.table import log_table
from workers.record import Record

SUCCESS = Outcome(State.SUCCEEDED, b"1")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path}/queuecast.db"
    upgrade(url)
    engine = create_database_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def jobs(engine: Engine, new_job, settings, add):
    """Three jobs whose outcomes wait; the log has a row of the second's id already."""
    made = [new_job(model="m") for _ in range(3)]
    old = {"job_id": made[1].id, "status": "failed", "attempt": 1, "total_time": 1.0}
    copied = ("tenant", "model", "version", "digest", "input_hash", "created_at")
    old |= {name: getattr(made[1], name) for name in copied}
    old |= {"input_bytes": 1, "cache": "miss", "completed_at": made[1].created_at}
    with writing(engine) as connection:
        store.insert(connection, [job.row(settings, None) for job in made])
        connection.execute(insert(log_table), [old])
    return [add(job=job, outcome=SUCCESS) for job in made]


def test_nobody_waits_behind_a_job_that_sql_refuses_for_good(
    jobs, new_worker, engine, backlogs
) -> None:
    assert Record(new_worker(Stage.RECORD, engine=engine))() == 3
    with reading(engine) as connection:
        rows = store.read_many(connection, [one.entry.id for one in jobs])
    states = {row["id"]: row["status"] for row in rows}
    assert [states[one.entry.id] for one in jobs] == ["succeeded", "queued", "succeeded"]
    assert [(move.source, move.destination) for move in backlogs.moves] == [(jobs[1], None)]
    assert backlogs.let_go == [jobs[0], jobs[2]]
