"""How joiners end: with their leader, alone, or after one of them led."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from shared.db.engine import create_database_engine, reading, writing
from shared.domain.failures import Failure
from shared.domain.names import Priority
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store
from shared.jobs.cancel import Canceler
from shared.jobs.last_joiners import follow_all
from shared.jobs.lifecycle import End, Finished

SUCCESS = Outcome(
    State.SUCCEEDED, b'{"label":"barolo"}', predict_time=0.5, batch_size=2, queue_time=9.0
)
SOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
CANCELED = Outcome(State.CANCELED)


@pytest.fixture
def finish(engine: Engine, clock):
    def run(job, outcome=SUCCESS) -> Finished:
        with writing(engine) as connection:
            return lifecycle.finish(connection, [End(job.id, None, outcome)], clock.now())

    return run


@pytest.fixture
def due(engine: Engine, clock):
    def run() -> list[str]:
        with reading(engine) as connection:
            return [one.id for one in store.due(connection, clock.now(), None, 9)]

    return run


def test_all_end_with_their_leader(stored, joined, finish, row, log_rows) -> None:
    leader = stored()
    jobs = [joined(leader) for _ in range(3)]
    finished = finish(leader)
    assert set(finished.joined) == {job.id for job in jobs}
    for one in [row(job.id) for job in jobs] + [log_rows()[job.id] for job in jobs]:
        assert (one["status"], one["cache"]) == ("succeeded", "joined")
        assert (one["output"], one["batch_size"]) == (SUCCESS.output, 2)
    assert (row(leader.id)["cache"], log_rows()[leader.id]["cache"]) == ("miss", "miss")


def test_joiners_of_others_do_not_end(stored, joined, finish, row) -> None:
    leader, other = stored(), stored()
    waits = joined(other)
    assert finish(leader).joined == []
    assert row(waits.id)["status"] == "queued"


def test_several_leaders_end_at_once_each_with_its_own(engine, stored, joined, row, clock) -> None:
    outcomes = [SUCCESS, Outcome(State.SUCCEEDED, b"2"), Outcome.failed("prediction_failed", "no")]
    leaders = [stored() for _ in outcomes]
    jobs = [joined(leader) for leader in leaders]
    with writing(engine) as connection:
        ends = [End(leader.id, 1, end) for leader, end in zip(leaders, outcomes, strict=True)]
        lifecycle.finish(connection, ends, clock.now())
    assert [row(job.id)["output"] for job in jobs] == [SUCCESS.output, b"2", None]
    assert row(jobs[2].id)["error_code"] == "prediction_failed"


@pytest.mark.parametrize("code", [Failure.PREDICTION_FAILED, Failure.WORKER_LOST])
def test_what_the_input_does_to_a_model_it_does_for_all(
    stored, joined, finish, row, log_rows, code
) -> None:
    leader = stored()
    job = joined(leader)
    finish(leader, Outcome.failed(code, "no"))
    for one in (row(job.id), log_rows()[job.id]):
        assert (one["status"], one["error_code"]) == ("failed", code.value)
    assert row(job.id)["started_at"] is None


def test_of_very_many_joiners_none_is_left(
    engine, stored, joined, finish, row, log_rows, clock, monkeypatch
) -> None:
    monkeypatch.setattr(lifecycle, "FOLLOWED_AT_ONCE", 2)
    leader = stored()
    jobs = [joined(leader) for _ in range(5)]
    finished = finish(leader)
    assert (len(finished.joined), finished.leaving) == (2, [leader.id])
    follow_all(engine, finished, clock.now())
    assert sorted(finished.joined) == sorted(job.id for job in jobs)
    assert {row(job.id)["output"] for job in jobs} == {SUCCESS.output}
    assert len(log_rows()) == 6


def test_very_many_joiners_of_one_keep_nobody_from_following_another(
    engine, stored, joined, row, clock, monkeypatch
) -> None:
    monkeypatch.setattr(lifecycle, "FOLLOWED_AT_ONCE", 2)
    leaders = [stored(), stored()]
    jobs = [joined(leaders[0]), joined(leaders[0]), joined(leaders[1])]
    with writing(engine) as connection:
        ends = [End(leader.id, 1, SUCCESS) for leader in leaders]
        finished = lifecycle.finish(connection, ends, clock.now())
    follow_all(engine, finished, clock.now())
    assert {row(job.id)["status"] for job in jobs} == {"succeeded"}


def test_of_very_many_one_in_each_slice_leads_on(
    engine, stored, joined, finish, due, clock, row, monkeypatch
) -> None:
    monkeypatch.setattr(lifecycle, "FOLLOWED_AT_ONCE", 3)
    leader = stored()
    jobs = [joined(leader) for _ in range(5)]
    follow_all(engine, finish(leader, CANCELED), clock.now())
    leads = due()
    assert len(leads) == 2
    assert {row(job.id)["joined_to"] for job in jobs if job.id not in leads} == set(leads)


def test_a_fault_between_two_slices_undoes_no_end(engine, stored, joined, finish, row, monkeypatch):
    monkeypatch.setattr(lifecycle, "FOLLOWED_AT_ONCE", 1)
    leader = stored()
    jobs = [joined(leader) for _ in range(2)]
    finished = finish(leader)
    follow_all(create_database_engine("sqlite:////nowhere/at/all.db"), finished, SOON)
    assert sorted(row(job.id)["status"] for job in jobs) == ["queued", "succeeded"]


def test_a_joiner_has_the_whole_outcome_of_its_leader(stored, joined, finish, row, log_rows, clock):
    leader = stored()
    job = joined(leader, created_at=clock.now() - timedelta(seconds=1, microseconds=7))
    finish(leader, SUCCESS._replace(preprocess_time=0.25, started_at=clock.now().timestamp()))
    copied = ("output", "preprocess_time", "predict_time", "batch_size", "completed_at")
    for mine, its in ((row(job.id), row(leader.id)), (log_rows()[job.id], log_rows()[leader.id])):
        assert [mine[name] for name in copied] == [its[name] for name in copied]
    assert log_rows()[job.id]["total_time"] == pytest.approx(1.000007, abs=1e-9)
    assert log_rows()[job.id]["queue_time"] is None


def test_a_large_output_is_the_joiners_too(stored, joined, finish, row) -> None:
    leader = stored()
    job = joined(leader)
    finish(leader, Outcome(State.SUCCEEDED, output_ref="outputs/x"))
    assert (row(job.id)["output"], row(job.id)["output_ref"]) == (None, "outputs/x")


def test_leader_and_joiners_end_in_one_transaction(
    engine, stored, joined, row, log_rows, clock
) -> None:
    leader = stored()
    job = joined(leader)
    with pytest.raises(RuntimeError), writing(engine) as connection:
        lifecycle.finish(connection, [End(leader.id, 1, SUCCESS)], clock.now())
        raise RuntimeError("the worker dies before the commit")
    assert row(leader.id)["status"] == row(job.id)["status"] == "queued"
    assert log_rows() == {}


def test_what_ends_twice_ends_its_joiners_once(stored, joined, finish, log_rows) -> None:
    leader = stored()
    joined(leader)
    finish(leader)
    again = finish(leader, Outcome.failed("prediction_failed", "no"))
    assert (again.already, again.joined) == ([leader.id], [])
    assert len(log_rows()) == 2


def test_an_earlier_attempt_ends_no_joiner(engine, stored, joined, row, clock) -> None:
    leader = stored()
    job = joined(leader)
    with writing(engine) as connection:
        lifecycle.dispatch(connection, [store.Due(leader.id, 1)], clock.now(), 10)
        finished = lifecycle.finish(connection, [End(leader.id, 1, SUCCESS)], clock.now())
    assert (finished.fenced, finished.joined) == ([leader.id], [])
    assert row(job.id)["status"] == "queued"


def test_the_times_of_a_joiner_are_its_own(stored, joined, finish, row, clock) -> None:
    leader = stored()
    begun = clock.now().timestamp() + 1
    clock.advance(5)
    early, late = joined(leader), joined(leader, created_at=clock.now())
    clock.advance(2)
    finish(leader, Outcome(State.SUCCEEDED, b"1", started_at=begun, queue_time=1, predict_time=4))
    assert row(early.id)["started_at"] == datetime.fromtimestamp(begun, UTC)
    assert row(late.id)["started_at"] == late.created_at
    assert [row(job.id)["queue_time"] for job in (leader, early)] == [1, None]
    assert row(late.id)["predict_time"] == 4


def test_who_joined_while_the_end_waited_for_its_turn_does_not_end_before_it_began(
    stored, joined, finish, row, log_rows, clock
) -> None:
    leader = stored()
    job = joined(leader, created_at=clock.now() + timedelta(seconds=3))
    finish(leader)
    assert row(job.id)["completed_at"] == log_rows()[job.id]["completed_at"] == job.created_at
    assert log_rows()[job.id]["total_time"] == 0


WITHOUT_ANSWER = [
    CANCELED,
    Outcome.failed(Failure.DEADLINE_EXCEEDED, "too late"),
    Outcome.failed(Failure.INPUT_LOST, "gone"),
]


@pytest.mark.parametrize("outcome", WITHOUT_ANSWER)
def test_after_a_leader_without_answer_the_oldest_leads(
    stored, joined, finish, row, due, clock, outcome
) -> None:
    leader = stored()
    younger = joined(leader, created_at=clock.now() + timedelta(seconds=2))
    oldest = joined(leader, created_at=clock.now() + timedelta(seconds=1))
    assert finish(leader, outcome).joined == []
    assert (row(oldest.id)["joined_to"], row(oldest.id)["cache"]) == (None, "miss")
    assert (row(younger.id)["joined_to"], row(younger.id)["cache"]) == (oldest.id, "joined")
    assert row(oldest.id)["status"] == row(younger.id)["status"] == "queued"
    assert due() == [oldest.id]
    finish(oldest)
    assert row(younger.id)["output"] == SUCCESS.output


def test_nobody_follows_who_runs_later(stored, joined, finish, row, clock) -> None:
    leader = stored(priority=Priority.HIGH)
    oldest = joined(leader, priority=Priority.LOW)
    later = clock.now() + timedelta(seconds=1)
    urgent = joined(leader, priority=Priority.HIGH, created_at=later)
    finish(leader, CANCELED)
    assert (row(urgent.id)["joined_to"], row(oldest.id)["joined_to"]) == (None, urgent.id)


def test_leaders_that_go_at_once_are_followed_by_their_own(
    engine, stored, joined, row, clock
) -> None:
    leaders = [stored(), stored()]
    pairs = [(joined(leader), joined(leader)) for leader in leaders]
    with writing(engine) as connection:
        lifecycle.finish(connection, [End(one.id, None, CANCELED) for one in leaders], clock.now())
    for one, other in pairs:
        followed = {row(one.id)["joined_to"], row(other.id)["joined_to"]}
        assert followed in ({None, one.id}, {None, other.id})


def test_a_canceled_joiner_harms_nobody(stored, joined, finish, engine, row, clock, settings):
    leader = stored()
    gone, stays = joined(leader), joined(leader)
    canceler = Canceler(engine, NoBacklogs(), clock, settings)
    assert canceler.cancel("default", gone.id)["status"] == "canceled"
    assert (row(leader.id)["status"], row(stays.id)["joined_to"]) == ("queued", leader.id)
    assert finish(leader).joined == [stays.id]
    assert (row(gone.id)["status"], row(gone.id)["output"]) == ("canceled", None)


def test_a_joiner_has_its_own_deadline(engine, stored, joined, finish, row, clock) -> None:
    leader = stored()
    hurried, patient = joined(leader, deadline_at=clock.now()), joined(leader)
    with reading(engine) as connection:
        assert store.overdue(connection, clock.now(), 9) == [hurried.id]
    finish(hurried, WITHOUT_ANSWER[1])
    finish(leader)
    assert row(hurried.id)["error_code"] == "deadline_exceeded"
    assert row(patient.id)["status"] == "succeeded"


def test_leader_and_joiner_whose_deadline_passed_end_both(engine, stored, joined, row, clock):
    leader = stored()
    overdue, other = joined(leader), joined(leader)
    with writing(engine) as connection:
        ends = [End(job.id, None, WITHOUT_ANSWER[1]) for job in (overdue, leader)]
        lifecycle.finish(connection, ends, clock.now())
    assert row(overdue.id)["status"] == row(leader.id)["status"] == "failed"
    assert row(other.id)["joined_to"] is None


def test_joiners_are_owed_nothing_of_their_own(engine, stored, joined, due, clock) -> None:
    leader = stored()
    joined(leader)
    clock.advance(3600)
    assert due() == [leader.id]
    with reading(engine) as connection:
        assert store.count_due(connection, clock.now()) == 1


class NoBacklogs:
    """Shows whatever it is given."""

    def leave(self, snapshots, hashes) -> None:
        pass
