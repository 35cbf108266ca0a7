"""The moves that every stage makes with an entry."""

from collections.abc import Iterable

from shared.backlog.backlogs import Move, Taken
from shared.domain import life
from shared.domain.failures import DEADLINE_PASSED, Failure
from shared.domain.names import RECORD, Backlog, Stage
from shared.domain.outcome import Outcome
from shared.domain.prediction import Snapshot
from shared.domain.states import State
from shared.errors import JobFailed

ERROR_MAX_CHARS = 1024


def ended(one: Taken, outcome: Outcome, at: float) -> Move:
    """To the record backlog, with what the job came to; `at` in epoch seconds."""
    started = outcome.started_at or at
    onward = one.entry._replace(
        payload=outcome.output or b"",
        payload_ref=outcome.output_ref,
        rows=1,
        stored_bytes=0,
        outcome=outcome._replace(started_at=started),
    )
    return Move(onward, RECORD, one)


def failed(one: Taken, error: JobFailed, at: float, timed: Outcome | None = None) -> Move:
    """To the record backlog as a failure; the times so far, or those of `timed`, are kept."""
    reached = timed or one.entry.outcome
    text = error.detail[:ERROR_MAX_CHARS].encode(errors="replace").decode()
    outcome = reached._replace(state=State.FAILED, error=text, error_code=str(error.code))
    return ended(one, outcome, at)


def given_back(one: Taken) -> Move:
    """Out of Redis: what it pointed to is gone, so SQL dispatches it again."""
    return Move(one.entry, None, one)


def put_back(one: Taken, stage: Stage) -> Move:
    """To where it was taken from, for another worker: this one is to stop."""
    return Move(one.entry, Backlog(stage, one.entry.job["model"], one.entry.job["version"]), one)


def late(one: Taken, at: float) -> Move | None:
    """The move of a job whose deadline has passed by `at`, epoch seconds."""
    if not life.is_late(one.entry.deadline, at):
        return None
    error = JobFailed(Failure.DEADLINE_EXCEEDED, DEADLINE_PASSED)
    return failed(one, error, at)


def added_at(one: Taken) -> float:
    """When the entry came to its backlog, by the clock of Redis; epoch seconds."""
    return int(one.entry_id.partition(b"-")[0]) / 1000


def waits(some: Iterable[Taken]) -> list[tuple[Snapshot, float]]:
    """Each job with the time since when it waited here."""
    return [(one.entry.job, added_at(one)) for one in some]


def queue_seconds(one: Taken, at: float) -> float:
    """How long the entry waited here until `at`, and in the backlogs before."""
    return (one.entry.outcome.queue_time or 0.0) + max(0.0, at - added_at(one))
