"""An entry: the small, frozen, versioned record of one job that waits in a backlog."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from shared.domain import life
from shared.domain.outcome import Outcome
from shared.domain.prediction import Snapshot
from shared.domain.states import State

FORMAT = 2
"""The newest: 2 came with outputs by reference. An entry is written in the oldest that can say it,
so that in the middle of an upgrade the older release works on all that it understands."""

_JOB_FIELDS = Snapshot.__required_keys__


class EntryUnreadable(Exception):
    """These stream fields are no entry of a format that this release knows."""


class Entry(NamedTuple):
    """One job on its way.

    `payload` is what the next stage works on: the input as JSON before preprocess, the tensors
    before predict, the output as JSON before record. A large one stands in the blob store under
    `payload_ref`, with `stored_bytes`. `rows` is what the job brings to a run of the model.
    `deadline` and `outcome.started_at` are epoch seconds, durations seconds.
    """

    job: Snapshot
    payload: bytes = b""
    payload_ref: str | None = None
    rows: int = 1
    stored_bytes: int = 0
    crashes: int = 0
    deadline: float | None = None
    outcome: Outcome = Outcome(State.QUEUED)

    @property
    def id(self) -> str:
        return self.job["id"]

    @property
    def attempt(self) -> int:
        return self.job["attempt"]

    @property
    def suspect(self) -> bool:
        """A worker died while it ran this job: it runs alone from now on."""
        return life.is_suspect(self.crashes)

    @property
    def weight(self) -> int:
        """The bytes that the next stage has in memory for it."""
        return len(self.payload) + self.stored_bytes

    @property
    def declared(self) -> tuple[int, int] | None:
        """Rows and weight; None where they are those of an entry that declares nothing."""
        return (self.rows, self.weight) if self.rows != 1 or self.stored_bytes else None

    def header(self, job: bytes | None = None) -> bytes:
        """Everything but the payload, as JSON; `job` is the snapshot if it is encoded already."""
        outcome = self.outcome
        return orjson.dumps(
            {
                "v": 1 if outcome.output_ref is None else 2,
                "job": orjson.Fragment(job) if job else self.job,
                "ref": self.payload_ref,
                "crashes": self.crashes,
                "deadline": self.deadline,
                "state": outcome.state,
                "error": outcome.error,
                "error_code": outcome.error_code,
                "queue_time": outcome.queue_time,
                "preprocess_time": outcome.preprocess_time,
                "predict_time": outcome.predict_time,
                "batch_size": outcome.batch_size,
                "started_at": outcome.started_at,
            }
            | ({"input_shape": outcome.input_shape} if outcome.input_shape else {})
        )


def decode(fields: Mapping[bytes, bytes]) -> Entry:
    """The entry in the fields of a stream entry; raises EntryUnreadable."""
    try:
        return read(fields[b"h"], fields[b"p"], fields.get(b"r"), fields.get(b"b"))
    except KeyError as error:
        raise EntryUnreadable("a part is missing") from error


def read(encoded: bytes, payload: bytes, rows: bytes | None, weight: bytes | None) -> Entry:
    """The entry of this header and payload; one that declares nothing brings one row."""
    try:
        header: dict[str, Any] = orjson.loads(encoded)
        job = header["job"]
        if not 1 <= header["v"] <= FORMAT:
            raise EntryUnreadable(f"format {header['v']}")
        if not job.keys() >= _JOB_FIELDS:
            raise EntryUnreadable("no whole job")
        state, reference = State(header["state"]), header["ref"]
        succeeded = state is State.SUCCEEDED
        outcome = Outcome(
            state,
            output=payload if succeeded and reference is None else None,
            output_ref=reference if succeeded else None,
            error=header["error"],
            error_code=header["error_code"],
            queue_time=header["queue_time"],
            preprocess_time=header["preprocess_time"],
            predict_time=header["predict_time"],
            batch_size=header["batch_size"],
            started_at=header["started_at"],
            input_shape=header.get("input_shape"),  # left out where there is none
        )
        return Entry(
            job,
            payload,
            payload_ref=reference,
            rows=1 if rows is None else int(rows),
            stored_bytes=0 if weight is None else int(weight) - len(payload),
            crashes=header["crashes"],
            deadline=header["deadline"],
            outcome=outcome,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EntryUnreadable(type(error).__name__) from error
