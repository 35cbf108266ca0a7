import pytest
import redis
from sqlalchemy import Engine

from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.errors import NotFound
from shared.jobs import lifecycle, store
from shared.jobs.cancel import Canceler
from shared.jobs.lifecycle import End


class FinishedBacklogs:
    """Keeps what was made visible; raises what it is told to."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.error: Exception | None = None

    def leave(self, snapshots, _) -> None:
        if self.error is not None:
            raise self.error
        self.shown += [snapshot["id"] for snapshot in snapshots]


@pytest.fixture
def backlogs() -> FinishedBacklogs:
    return FinishedBacklogs()


@pytest.fixture
def canceler(engine: Engine, backlogs, clock, settings) -> Canceler:
    return Canceler(engine, backlogs, clock, settings)


def test_a_canceled_job_has_ended_and_is_seen_so(canceler, stored, backlogs) -> None:
    job = stored()
    snapshot = canceler.cancel("default", job.id)
    assert (snapshot["status"], snapshot["terminal"]) == ("canceled", True)
    assert backlogs.shown == [job.id]


def test_to_cancel_what_has_ended_changes_nothing(
    canceler, engine, stored, clock, backlogs
) -> None:
    job = stored()
    with writing(engine) as connection:
        success = Outcome(State.SUCCEEDED, output=b"1")
        lifecycle.finish(connection, [End(job.id, 1, success)], clock.now())
    assert canceler.cancel("default", job.id)["status"] == "succeeded"
    assert backlogs.shown == []


def test_an_outcome_that_comes_later_meets_a_terminal_row(canceler, engine, stored, clock) -> None:
    job = stored()
    canceler.cancel("default", job.id)
    with writing(engine) as connection:
        end = End(job.id, 1, Outcome(State.SUCCEEDED, output=b"1"))
        assert lifecycle.finish(connection, [end], clock.now()).already == [job.id]


def test_nobody_cancels_anothers_job(canceler, engine, stored) -> None:
    job = stored(tenant="a")
    for tenant, job_id in (("b", job.id), ("a", new_job_id())):
        with pytest.raises(NotFound):
            canceler.cancel(tenant, job_id)
    with reading(engine) as connection:
        assert store.read_many(connection, [job.id])[0]["status"] == "queued"


def test_without_redis_the_cancel_holds_all_the_same(canceler, engine, stored, backlogs) -> None:
    backlogs.error = redis.ConnectionError("gone")
    job = stored()
    assert canceler.cancel("default", job.id)["status"] == "canceled"
    with reading(engine) as connection:
        assert store.read_many(connection, [job.id])[0]["status"] == "canceled"
    assert [snapshot["id"] for snapshot, _ in canceler._later._owed] == [job.id]
