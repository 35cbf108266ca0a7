import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.domain import prediction
from shared.domain.names import Stage
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.errors import Unavailable
from shared.jobs import lifecycle, store, views
from shared.jobs.lifecycle import End
from shared.jobs.store import Due
from workers.record import Record

SUCCESS = Outcome(State.SUCCEEDED, b'{"label":"barolo"}', predict_time=0.5, batch_size=2)
FAILURE = Outcome.failed("prediction_failed", "no")


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "queuecast.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def engine(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copy(migrated_file, tmp_path / "queuecast.db")
    engine = create_database_engine(f"sqlite:///{tmp_path}/queuecast.db")
    yield engine
    engine.dispose()


@pytest.fixture
def worker(new_worker, engine):
    return new_worker(Stage.RECORD, engine=engine)


@pytest.fixture
def record(worker) -> Callable[[], int]:
    return Record(worker)


@pytest.fixture
def recording(engine, new_job, settings, add):
    """A job in SQL whose outcome waits on the record backlog."""

    def make(outcome: Outcome = SUCCESS, *, stored: bool = True):
        job = new_job(model="m")
        if stored:
            with writing(engine) as connection:
                store.insert(connection, [job.row(settings, None)])
        return add(job=job, outcome=outcome)

    return make


@pytest.fixture
def row(engine):
    def read(one):
        with reading(engine) as connection:
            return store.read_many(connection, [one.entry.id])[0]

    return read


def test_outcomes_are_stored_and_then_shown(recording, record, row, backlogs) -> None:
    good, bad = recording(), recording(FAILURE)
    assert record() == 2
    assert [row(one)["status"] for one in (good, bad)] == ["succeeded", "failed"]
    assert [shown["status"] for shown in backlogs.finished] == ["succeeded", "failed"]
    assert backlogs.let_go == [good, bad]
    assert backlogs.moves == []


def test_what_is_shown_is_what_is_stored(recording, record, row, backlogs) -> None:
    one = recording()
    record()
    stored = views.from_row(row(one), 1024)
    assert prediction.encode(backlogs.finished[0]) == prediction.encode(stored)


@pytest.mark.parametrize("outcome", [SUCCESS, FAILURE])
def test_who_joined_is_shown_with_its_leader(
    recording, record, row, backlogs, engine, new_job, settings, outcome
) -> None:
    leader, joiner = recording(outcome), new_job(model="m")
    with writing(engine) as connection:
        store.insert(connection, [joiner.row(settings, None, leader.entry.id)])
    record()
    shown = {one["id"]: (one["status"], one["output"], one["cache"]) for one in backlogs.finished}
    assert list(shown) == [leader.entry.id, joiner.id]
    assert shown[joiner.id][0] == outcome.state.value
    assert [state for *_, state in shown.values()] == ["miss", "joined"]
    assert backlogs.let_go == [leader]


def test_only_of_what_ended_now_the_inputs_are_told(recording, record, backlogs, engine, clock):
    now, before = recording(), recording()
    with writing(engine) as connection:
        lifecycle.finish(connection, [End(before.entry.id, None, SUCCESS)], clock.now())
    record()
    assert backlogs.remembered == {now.entry.id: "i" * 64}


def test_nothing_waiting_opens_no_transaction(record, backlogs, engine) -> None:
    engine.dispose()
    assert record() == 0
    assert (backlogs.finished, backlogs.let_go) == ([], [])


def test_an_outcome_of_an_earlier_attempt_is_given_back(
    recording, record, row, backlogs, engine, clock
) -> None:
    stale, good = recording(), recording()
    with writing(engine) as connection:
        lifecycle.dispatch(connection, [Due(stale.entry.id, 1)], clock.now(), 10)
    record()
    assert row(stale)["status"] == "queued"
    assert [(move.source, move.destination) for move in backlogs.moves] == [(stale, None)]
    assert backlogs.let_go == [good]


def test_an_outcome_without_a_row_is_given_back(recording, record, backlogs) -> None:
    ghost = recording(stored=False)
    record()
    assert [(move.source, move.destination) for move in backlogs.moves] == [(ghost, None)]
    assert backlogs.finished == []


def test_a_job_that_had_ended_is_shown_as_sql_has_it(
    recording, record, row, backlogs, engine, clock
) -> None:
    one = recording()
    with writing(engine) as connection:
        lifecycle.finish(
            connection, [End(one.entry.id, None, Outcome(State.CANCELED))], clock.now()
        )
    record()
    assert [shown["status"] for shown in backlogs.finished] == ["canceled"]
    assert (row(one)["status"], backlogs.let_go) == ("canceled", [one])


def test_an_outcome_that_cannot_be_stored_fails_alone(recording, record, row, backlogs) -> None:
    before = [recording() for _ in range(3)]
    bad = recording(Outcome(State.SUCCEEDED, output=b'"\xff"'))
    after = [recording() for _ in range(2)]
    record()
    assert {row(one)["status"] for one in (*before, *after)} == {"succeeded"}
    assert (row(bad)["status"], row(bad)["error_code"]) == ("failed", "output_not_storable")
    assert {shown["id"]: shown["error_code"] for shown in backlogs.finished}[bad.entry.id]
    assert len(backlogs.let_go) == 6


def test_an_error_text_that_cannot_be_stored_fails_alone(recording, record, row) -> None:
    bad, good = recording(Outcome.failed("prediction_failed", "\ud800")), recording()
    record()
    assert [row(one)["status"] for one in (bad, good)] == ["failed", "succeeded"]


@pytest.fixture
def locked(engine: Engine, tmp_path: Path) -> Iterator[list[str]]:
    """Another process holds the write lock until the first attempt has failed."""
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=0"))
    holder = sqlite3.connect(tmp_path / "queuecast.db", isolation_level=None)
    failures: list[str] = []

    def let_go(context) -> None:
        failures.append(str(context.original_exception))
        holder.rollback()

    event.listen(engine, "handle_error", let_go)
    yield lambda: holder.execute("BEGIN IMMEDIATE") and failures
    holder.close()


def test_outcomes_wait_for_a_busy_database(recording, record, row, backlogs, locked) -> None:
    one = recording()
    failures = locked()
    record()
    assert failures == ["database is locked"]
    assert row(one)["status"] == "succeeded"
    assert backlogs.let_go == [one]


def test_a_stopping_worker_does_not_wait_for_sql(
    recording, record, worker, backlogs, locked
) -> None:
    recording()
    locked()
    worker.stopping = True
    with pytest.raises(Unavailable):
        record()
    assert (backlogs.finished, backlogs.let_go) == ([], [])
