"""The states of a job, and every change between them.

SQL knows `queued` and the ends; the stages between live in Redis only: what is lost with Redis is
where a job was, never that it is owed. No change begins at an end.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What the `job.status` column holds."""

    QUEUED = "queued"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class Progress(StrEnum):
    """The finer stage of an unfinished job, `stage` on the wire."""

    QUEUED = "queued"
    PREPROCESSING = "preprocessing"
    PREDICTING = "predicting"


WIRE_STATUS = {
    Progress.QUEUED: "starting",
    Progress.PREPROCESSING: "processing",
    Progress.PREDICTING: "processing",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One way of a job in SQL; `before` None: there was no row. `who` makes it, and `when`."""

    name: str
    before: State | None
    after: tuple[State, ...]
    who: str
    when: str


_QUEUED, _SUCCEEDED, _FAILED, _CANCELED = State
_LEADER = "whoever ends its leader"

CHANGES = (
    Change("submit", None, (_QUEUED,), "api", "row and input are committed and synced: accepted"),
    Change("hit", None, (_SUCCEEDED,), "api", "the result of its input is known"),
    Change("dispatch", _QUEUED, (_QUEUED,), "sweeper", "Redis does not hold it: a new attempt"),
    Change("crash", _QUEUED, (_QUEUED,), "sweeper", "a worker died while it ran: one crash more"),
    Change("bury", _QUEUED, (_FAILED,), "sweeper", "it has crashed three times: a dead letter"),
    Change("record", _QUEUED, (_SUCCEEDED, _FAILED), "record", "the outcome of its attempt came"),
    Change("cancel", _QUEUED, (_CANCELED,), "api", "its client asked for it"),
    Change("expire", _QUEUED, (_FAILED,), "sweeper", "its deadline has passed"),
    Change(
        "follow", _QUEUED, (_SUCCEEDED, _FAILED), _LEADER, "its leader has ended with an answer"
    ),
    Change("lead", _QUEUED, (_QUEUED,), _LEADER, "its leader left no answer"),
)

TERMINAL = frozenset(State) - {change.before for change in CHANGES}
