from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from shared.db.engine import reading, writing
from shared.domain.failures import Failure
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store
from shared.jobs.lifecycle import End, Finished
from shared.jobs.store import Due
from shared.prediction_log.table import log_table

SUCCESS = Outcome(State.SUCCEEDED, output=b'{"label":"barolo"}', predict_time=0.5, batch_size=2)
FAILURE = Outcome.failed(Failure.PREDICTION_FAILED, "no")


@pytest.fixture
def finish(engine: Engine, clock):
    def run(*ends: End) -> Finished:
        with writing(engine) as connection:
            return lifecycle.finish(connection, ends, clock.now())

    return run


@pytest.fixture
def row(engine: Engine):
    def run(job_id: str):
        with reading(engine) as connection:
            return store.read_many(connection, [job_id])[0]

    return run


@pytest.fixture
def log_rows(engine: Engine):
    def run():
        with reading(engine) as connection:
            return connection.execute(select(log_table)).mappings().all()

    return run


def test_an_outcome_ends_the_job_and_writes_its_log_row(stored, finish, row, log_rows) -> None:
    job = stored()
    finish(End(job.id, 1, SUCCESS))
    ended, (logged,) = row(job.id), log_rows()
    assert (ended["status"], ended["output"]) == ("succeeded", b'{"label":"barolo"}')
    assert (ended["predict_time"], ended["batch_size"]) == (0.5, 2)
    assert (logged["job_id"], logged["status"], logged["attempt"]) == (job.id, "succeeded", 1)
    assert logged["input_hash"] == job.input_hash


def test_a_terminal_job_never_changes(stored, finish, row, log_rows) -> None:
    job = stored()
    finish(End(job.id, 1, SUCCESS))
    before = row(job.id)
    assert finish(End(job.id, 1, FAILURE)).already == [job.id]
    assert row(job.id) == before
    assert len(log_rows()) == 1


def test_an_outcome_of_an_earlier_attempt_is_fenced(engine, stored, finish, row, clock) -> None:
    job = stored()
    with writing(engine) as connection:
        assert lifecycle.dispatch(connection, [Due(job.id, 1)], clock.now(), 10) == [job.id]
    assert finish(End(job.id, 1, SUCCESS)).fenced == [job.id]
    assert row(job.id)["status"] == "queued"
    assert finish(End(job.id, 2, SUCCESS)).recorded


def test_an_outcome_without_a_job_is_unknown(finish, log_rows) -> None:
    ghost = new_job_id()
    assert finish(End(ghost, 1, SUCCESS)).unknown == [ghost]
    assert log_rows() == []


def test_of_two_outcomes_at_once_the_first_counts(stored, finish, row, log_rows) -> None:
    job = stored()
    result = finish(End(job.id, 1, SUCCESS), End(job.id, 1, FAILURE))
    assert ([end.outcome for end in result.recorded], result.already) == ([SUCCESS], [job.id])
    assert row(job.id)["status"] == "succeeded"
    assert len(log_rows()) == 1


def test_job_and_log_row_come_together_or_not_at_all(engine, stored, row, log_rows, clock) -> None:
    job = stored()
    with pytest.raises(RuntimeError), writing(engine) as connection:
        lifecycle.finish(connection, [End(job.id, 1, SUCCESS)], clock.now())
        raise RuntimeError("the worker dies before the commit")
    assert row(job.id)["status"] == "queued"
    assert log_rows() == []


def test_an_end_without_attempt_meets_whatever_is_current(stored, finish, row) -> None:
    job = stored()
    finish(End(job.id, None, Outcome(State.CANCELED)))
    assert row(job.id)["status"] == "canceled"


def test_only_one_of_two_sweepers_dispatches(engine, stored, row, clock) -> None:
    job = stored()
    for expected in ([job.id], []):
        with writing(engine) as connection:
            assert lifecycle.dispatch(connection, [Due(job.id, 1)], clock.now(), 10) == expected
    assert row(job.id)["attempt"] == 2
    assert row(job.id)["dispatch_after"] == clock.now() + timedelta(seconds=10)


@pytest.fixture
def crash(engine: Engine, clock):
    def run(*found: Due) -> list[str]:
        with writing(engine) as connection:
            return lifecycle.crash(connection, found, clock.now(), crashes_max=5)

    return run


def test_every_crash_waits_longer_until_the_last(stored, crash, row, clock) -> None:
    job = stored()
    for crashes, wait in enumerate((1, 5, 25, 25, 0)):
        assert crash(Due(job.id, 1, crashes)) == [job.id]
        assert row(job.id)["dispatch_after"] == clock.now() + timedelta(seconds=wait)
    assert row(job.id)["crashes"] == 5


def test_one_death_counts_once_however_often_it_is_reported(stored, crash, row) -> None:
    job = stored()
    assert [crash(Due(job.id, 1, 0)) for _ in range(2)] == [[job.id], []]
    assert row(job.id)["crashes"] == 1


def test_a_crash_of_an_earlier_attempt_does_not_count(stored, crash, row) -> None:
    job = stored()
    assert crash(Due(job.id, 7, 0)) == []
    assert row(job.id)["crashes"] == 0


def test_what_was_only_held_may_run_at_once(engine, stored, row, clock) -> None:
    job = stored()
    with writing(engine) as connection:
        lifecycle.release(connection, [Due(job.id, 1)], clock.now())
    assert row(job.id)["dispatch_after"] == clock.now()
    assert row(job.id)["crashes"] == 0
