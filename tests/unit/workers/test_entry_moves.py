import pytest

from shared.backlog.backlogs import Taken
from shared.domain.names import RECORD
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.errors import JobFailed
from workers.entry_moves import ended, failed, given_back, late, queue_seconds

SO_FAR = Outcome(State.QUEUED, queue_time=0.5, preprocess_time=0.25, started_at=990.0)


def test_an_end_carries_the_output_and_nothing_else(add) -> None:
    one = add(b"tensors", payload_ref="tensors/x", rows=4, stored_bytes=1000)
    move = ended(one, Outcome(State.SUCCEEDED, b"[1]"), 1000.0)
    assert (move.destination, move.source) == (RECORD, one)
    assert (move.entry.payload, move.entry.payload_ref) == (b"[1]", None)
    assert (move.entry.rows, move.entry.weight) == (1, 3)
    assert move.entry.outcome.started_at == 1000.0


def test_a_failure_keeps_the_times_so_far(add) -> None:
    move = failed(add(outcome=SO_FAR), JobFailed("invalid_image", "no picture"), 1000.0)
    outcome = move.entry.outcome
    assert (outcome.state, outcome.error_code) == (State.FAILED, "invalid_image")
    assert (outcome.error, outcome.output) == ("no picture", None)
    assert (outcome.queue_time, outcome.preprocess_time, outcome.started_at) == (0.5, 0.25, 990.0)


def test_a_long_error_is_cut_to_what_is_stored(add) -> None:
    move = failed(add(), JobFailed("preprocess_failed", "x" * 5000), 1000.0)
    assert len(move.entry.outcome.error) == 1024


def test_who_is_given_back_goes_nowhere(add) -> None:
    one = add()
    move = given_back(one)
    assert (move.entry, move.destination, move.source) == (one.entry, None, one)


@pytest.mark.parametrize(
    ("entry_id", "seconds"), [(b"998500-0", 2.0), (b"1000000-7", 0.5), (b"1002000-0", 0.5)]
)
def test_the_waits_add_up_and_never_shrink(add, entry_id, seconds) -> None:
    one = Taken(add(outcome=SO_FAR).entry, "stream", entry_id)
    assert queue_seconds(one, 1000.0) == pytest.approx(seconds)


@pytest.mark.parametrize(("deadline", "is_late"), [(None, False), (1000.5, False), (1000.0, True)])
def test_a_job_is_late_from_its_deadline_on(add, deadline, is_late) -> None:
    move = late(add(deadline=deadline), 1000.0)
    assert (move is not None and move.entry.outcome.error_code == "deadline_exceeded") is is_late
