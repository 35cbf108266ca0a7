"""The rules by which a job lives: pure, over a time that is given in.

Who looks and writes: `shared.jobs.lifecycle` for SQL, `workers.sweep_steps` for the sweeper, whose
decisions about workers are in `workers.sweep_decisions`. A state machine checks all of them
together, over fakes and over the real databases (tests/conformance/life).
"""

from datetime import datetime, timedelta
from enum import Enum, auto

from shared.domain.failures import Failure
from shared.domain.names import Priority
from shared.domain.states import TERMINAL, State

CRASH_BACKOFF_SECONDS = (1.0, 5.0, 25.0)
"""A suspect waits before it runs again: quick recovery of a poison job is a death spiral."""

WITHOUT_ANSWER = frozenset({Failure.DEADLINE_EXCEEDED.value, Failure.INPUT_LOST.value})
"""Failures that say nothing about the input: who joined such a job runs itself."""

_LONGEST_WAIT = len(CRASH_BACKOFF_SECONDS) - 1
_RANK = {priority.value: rank for rank, priority in enumerate(Priority)}


class Verdict(Enum):
    """On an end that is proposed for a job."""

    RECORDED = auto()
    ALREADY = auto()
    FENCED = auto()


def verdict(status: str, attempt: int, proposed: int | None) -> Verdict:
    """One end only, and of the current attempt.

    `proposed` is the attempt that the end comes from, None where it is whichever is current.
    """
    if status in TERMINAL:
        return Verdict.ALREADY
    return Verdict.RECORDED if proposed in (None, attempt) else Verdict.FENCED


def is_owed(status: str, dispatch_after: datetime, joined_to: str | None, now: datetime) -> bool:
    """Whether an accepted job has to be in Redis by now; a joiner ends with its leader instead."""
    return status not in TERMINAL and joined_to is None and dispatch_after <= now


def is_late(deadline: float | None, now: float) -> bool:
    """Whether the deadline has passed; both in the same seconds."""
    return deadline is not None and deadline <= now


def after_crash(crashes: int, now: datetime, crashes_max: int) -> tuple[int, datetime]:
    """How often a job has crashed once it did again, and when it may be dispatched.

    A dead letter waits for nothing.
    """
    wait_seconds = CRASH_BACKOFF_SECONDS[min(crashes, _LONGEST_WAIT)]
    if is_dead_letter(crashes + 1, crashes_max):
        wait_seconds = 0.0
    return crashes + 1, now + timedelta(seconds=wait_seconds)


def is_suspect(crashes: int) -> bool:
    """Whether a worker died while it ran the job: it runs alone from now on, and leads nobody."""
    return crashes > 0


def is_dead_letter(crashes: int, crashes_max: int) -> bool:
    return crashes >= crashes_max


def answers_joiners(status: str, error_code: str | None) -> bool:
    """Whether a job that ended like this says what its input comes to."""
    return status != State.CANCELED and error_code not in WITHOUT_ANSWER


def turn(priority: str, created_at: datetime, job_id: str) -> tuple[int, datetime, str]:
    """By which joiners are sorted for the lead: the most urgent, of those the oldest."""
    return _RANK[priority], created_at, job_id


def may_precede(leader: str, joiner: str) -> bool:
    """Whether a job of the one priority never runs later than one of the other would."""
    return _RANK[leader] <= _RANK[joiner]
