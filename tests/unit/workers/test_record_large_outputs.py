from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.domain import prediction
from shared.domain.names import Stage
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store, views
from shared.jobs.lifecycle import End
from shared.jobs.store import Due
from shared.jobs.table import job_table
from shared.payloads.directory import DirectoryBlobs
from shared.payloads.references import new_output
from shared.prediction_log.table import log_table
from workers.record import Record


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path}/queuecast.db"
    upgrade(url)
    engine = create_database_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def blobs(settings) -> DirectoryBlobs:
    return DirectoryBlobs(settings.blobs_dir)


@pytest.fixture
def record(new_worker, engine):
    return Record(new_worker(Stage.RECORD, engine=engine))


@pytest.fixture
def recording(engine, new_job, settings, add, blobs):
    """A job whose large output waits to be recorded."""

    def make(*, stored: bool = True):
        job = new_job(model="m")
        if stored:
            with writing(engine) as connection:
                store.insert(connection, [job.row(settings, None)])
        reference = blobs.put(new_output(job.id, 1), b'"large"', synced=True)
        outcome = Outcome(State.SUCCEEDED, output_ref=reference)
        return add(job=job, outcome=outcome, payload_ref=reference)

    return make


@pytest.fixture
def row(engine):
    def read(one):
        with reading(engine) as connection:
            return store.read_many(connection, [one.entry.id])[0]

    return read


@pytest.fixture
def stored_hit(engine, new_job, settings, clock):
    """A job that was given the output of another; answers the reference that it shows."""

    def make(one) -> str:
        outcome = Outcome(State.SUCCEEDED, output_ref=one.entry.payload_ref)
        with writing(engine) as connection:
            hit = new_job(model="m").row(settings, None)
            assert lifecycle.hit(connection, [(hit, outcome)], clock.now())
        return one.entry.payload_ref

    return make


def test_its_reference_is_stored_and_shown(recording, record, row, backlogs, engine, blobs) -> None:
    one = recording()
    record()
    assert (row(one)["output"], row(one)["output_ref"]) == (None, one.entry.payload_ref)
    shown = prediction.encode(backlogs.finished[0])
    assert shown == prediction.encode(views.from_row(row(one), 1024))
    with reading(engine) as connection:
        assert connection.execute(select(log_table.c.output)).scalars().all() == [None]
    assert blobs.holds(one.entry.payload_ref)


def test_an_outcome_that_comes_twice_keeps_its_output(recording, record, backlogs, blobs) -> None:
    one = recording()
    record()
    backlogs.waiting.append(one)
    record()
    assert blobs.holds(one.entry.payload_ref)


def test_the_output_of_a_canceled_job_is_deleted(recording, record, engine, clock, blobs) -> None:
    one, other = recording(), recording()
    with writing(engine) as connection:
        canceled = End(one.entry.id, None, Outcome(State.CANCELED))
        lifecycle.finish(connection, [canceled], clock.now())
    record()
    assert not blobs.holds(one.entry.payload_ref)
    assert blobs.holds(other.entry.payload_ref)


def test_the_output_of_an_earlier_attempt_is_deleted(recording, record, engine, clock, blobs):
    stale = recording()
    with writing(engine) as connection:
        lifecycle.dispatch(connection, [Due(stale.entry.id, 1)], clock.now(), 10)
    record()
    assert not blobs.holds(stale.entry.payload_ref)


def test_without_a_row_it_is_left_to_the_sweeper(recording, record, blobs) -> None:
    ghost = recording(stored=False)
    record()
    assert blobs.holds(ghost.entry.payload_ref)


def test_an_output_that_others_show_stays_when_an_old_redis_brings_it_back(
    recording, record, engine, clock, blobs, backlogs, stored_hit
) -> None:
    """Its own row has lost it by then, as its retention wanted."""
    one = recording()
    record()
    shown_by = stored_hit(one)
    with writing(engine) as connection:
        own = update(job_table).where(job_table.c.id == one.entry.id)
        connection.execute(own.values(output_ref=None))
    backlogs.waiting.append(one)
    record()
    assert blobs.holds(shown_by)
