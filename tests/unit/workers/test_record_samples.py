"""Inputs that are drawn for the prediction log, with the outcomes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, select

from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.domain.names import Stage
from shared.domain.outcome import Outcome
from shared.domain.serving import Sampling, Serving
from shared.domain.states import State
from shared.jobs import store
from shared.prediction_log.table import sample_table
from workers.record import Record

INPUT = orjson.dumps({"name": "N", "age": 3})


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path}/queuecast.db"
    upgrade(url)
    engine = create_database_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def sampled(engine: Engine, new_worker: Any, new_job: Any, settings: Any, add: Any) -> Any:
    """Records two jobs, `m` with this sampling and one that keeps nothing; answers the samples."""

    def run(sampling: Sampling) -> list[bytes]:
        jobs = [new_job(model=name, input=INPUT) for name in ("m", "other")]
        with writing(engine) as connection:
            store.insert(connection, [job.row(settings, None) for job in jobs])
        for job in jobs:
            add(job=job, outcome=Outcome(State.SUCCEEDED, b"1"))
        served = {"m": Serving(sampling=sampling), "other": Serving()}
        Record(new_worker(Stage.RECORD, engine=engine, served=served))()
        with reading(engine) as connection:
            return list(connection.execute(select(sample_table.c.input)).scalars())

    return run


def test_a_drawn_input_stands_in_the_log_without_what_is_private(sampled: Any) -> None:
    [kept] = sampled(Sampling(1.0, 99, ("name",)))
    assert orjson.loads(kept) == {"name": "[redacted]", "age": 3}


@pytest.mark.parametrize("sampling", [Sampling(0.0, 99), Sampling(1.0, len(INPUT) - 1)])
def test_what_is_not_drawn_or_too_large_is_not_kept(sampled: Any, sampling: Sampling) -> None:
    assert sampled(sampling) == []
