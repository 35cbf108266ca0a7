"""The states of a job.

    (new) ──> queued ──> preprocessing ──> predicting ──> an end

The ends are succeeded, failed and canceled. SQL knows `queued` and the ends; the stages between
live in Redis only: what is lost with Redis is where a job was, never that it is owed. A terminal
state never changes.
"""

from enum import StrEnum


class State(StrEnum):
    """What the `job.status` column holds."""

    QUEUED = "queued"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


TERMINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED})


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
