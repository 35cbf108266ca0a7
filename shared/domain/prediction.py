"""A prediction: what a client sees of a job. Its JSON in Redis is the job's snapshot."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NotRequired, TypedDict

import orjson

from shared.domain.states import WIRE_STATUS, Progress


class Snapshot(TypedDict):
    """The job as clients see it. The first four fields stand where Redis scripts look for them.

    `attempt` and `terminal` open the JSON, so that the first bytes tell whether a job is still
    unfinished under a given attempt (see `fence`); `status` and `stage` follow, so that a take
    can replace them (see `progress`). A large output stands in the blob store under `output_ref`,
    which is left out where there is none; `output` is None then. `retry_of` is the dead letter of
    which it is the retry; most are none, and it is left out. `traceparent` (W3C Trace Context) is
    there only for jobs that are traced.
    """

    attempt: int
    terminal: bool
    status: str
    stage: str
    tenant: str
    id: str
    model: str
    version: str
    priority: str
    input: Any
    input_bytes: int
    output: Any
    error: str | None
    error_code: str | None
    cache: str
    metadata: dict[str, Any] | None
    metrics: dict[str, float | int] | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    deadline_at: str | None
    output_ref: NotRequired[str]
    retry_of: NotRequired[str]
    traceparent: NotRequired[str]


def encode(snapshot: Snapshot) -> bytes:
    return orjson.dumps(snapshot)


def decode(data: bytes | str) -> Snapshot:
    snapshot: Snapshot = orjson.loads(data)
    return snapshot


def fence(attempt: int) -> bytes:
    """The first bytes of the snapshot of a job that is unfinished under `attempt`."""
    return b'{"attempt":%d,"terminal":false,' % attempt


HEAD_BYTES = 64
"""So much of a snapshot tells its `unfinished_attempt`."""

_FENCE = re.compile(rb'{"attempt":(\d+),"terminal":false,')


def unfinished_attempt(head: bytes) -> int | None:
    """The attempt under which the job is unfinished whose snapshot begins like this, if it is."""
    found = _FENCE.match(head)
    return int(found[1]) if found else None


def progress(stage: Progress) -> bytes:
    """What follows the fence in the snapshot of an unfinished job at this stage."""
    return b'"status":"%b","stage":"%b",' % (WIRE_STATUS[stage].encode(), stage.encode())


def state_of(data: bytes) -> bytes:
    """What of a snapshot changes as the job goes on: all that stands before its tenant."""
    return data.partition(b',"tenant":')[0]


def advanced(
    snapshot: Snapshot, progress: Progress, *, started_at: float | None = None
) -> Snapshot:
    """The snapshot at a later stage; `started_at` in epoch seconds."""
    moved = snapshot | {"stage": progress.value, "status": WIRE_STATUS[progress]}
    if started_at is not None and snapshot["started_at"] is None:
        moved["started_at"] = _wire_epoch(started_at)
    return moved


@lru_cache(maxsize=8)
def _wire_epoch(seconds: float) -> str:
    """All jobs of a take start at its time."""
    return wire_time(datetime.fromtimestamp(seconds, UTC))


def wire_time(moment: datetime) -> str:
    """RFC 3339 with microseconds; `moment` is in UTC."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
