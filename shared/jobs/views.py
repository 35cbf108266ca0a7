"""Predictions made from what a job came to, or from its row."""

from datetime import UTC, datetime

import orjson
from sqlalchemy import RowMapping

from shared.domain.outcome import Outcome
from shared.domain.prediction import Snapshot, wire_time
from shared.domain.states import TERMINAL, WIRE_STATUS, Progress, State


def finished(snapshot: Snapshot, outcome: Outcome, completed_at: datetime) -> Snapshot:
    """The terminal snapshot of a job that came to `outcome`."""
    started = outcome.started_at
    shown: Snapshot = snapshot | {
        "terminal": True,
        "status": outcome.state.value,
        "stage": outcome.state.value,
        "output": orjson.Fragment(outcome.output) if outcome.output is not None else None,
        "error": outcome.error,
        "error_code": outcome.error_code,
        "metrics": metrics(
            outcome.queue_time,
            outcome.preprocess_time,
            outcome.predict_time,
            outcome.batch_size,
            (completed_at - datetime.fromisoformat(snapshot["created_at"])).total_seconds(),
        ),
        "started_at": wire_time(datetime.fromtimestamp(started, UTC)) if started else None,
        "completed_at": wire_time(completed_at),
    }
    return _by_reference(shown, outcome.output_ref)


def metrics(
    queue_time: float | None,
    preprocess_time: float | None,
    predict_time: float | None,
    batch_size: int | None,
    total_time: float,
) -> dict[str, float | int]:
    """The measured times in seconds, microseconds kept; what was not reached is left out."""
    times = {
        "queue_time": queue_time,
        "preprocess_time": preprocess_time,
        "predict_time": predict_time,
        "total_time": total_time,
    }
    found: dict[str, float | int] = {
        name: round(seconds, 6) for name, seconds in times.items() if seconds is not None
    }
    if batch_size is not None:
        found["batch_size"] = batch_size
    return found


def from_row(row: RowMapping, echo_max_bytes: int) -> Snapshot:
    """The prediction that a row tells of; an unfinished one counts as queued."""
    state = State(row["status"])
    terminal = state in TERMINAL
    progress = Progress.QUEUED
    small = row["input"] is not None and row["input_bytes"] <= echo_max_bytes
    completed_at: datetime | None = row["completed_at"]
    started_at: datetime | None = row["started_at"]
    shown: Snapshot = {
        "attempt": row["attempt"],
        "terminal": terminal,
        "status": state.value if terminal else WIRE_STATUS[progress],
        "stage": state.value if terminal else progress.value,
        "tenant": row["tenant"],
        "id": row["id"],
        "model": row["model"],
        "version": row["version"],
        "priority": row["priority"],
        "input": orjson.loads(row["input"]) if small else None,
        "input_bytes": row["input_bytes"],
        "output": orjson.Fragment(row["output"]) if row["output"] is not None else None,
        "error": row["error"],
        "error_code": row["error_code"],
        "cache": row["cache"],
        "metadata": orjson.loads(row["request_metadata"]) if row["request_metadata"] else None,
        "metrics": metrics(
            row["queue_time"],
            row["preprocess_time"],
            row["predict_time"],
            row["batch_size"],
            (completed_at - row["created_at"]).total_seconds(),
        )
        if completed_at
        else None,
        "created_at": wire_time(row["created_at"]),
        "started_at": wire_time(started_at) if started_at else None,
        "completed_at": wire_time(completed_at) if completed_at else None,
        "deadline_at": wire_time(row["deadline_at"]) if row["deadline_at"] else None,
    }
    if row["retry_of"] is not None:
        shown["retry_of"] = row["retry_of"]
    if row["traceparent"] is not None:
        shown["traceparent"] = row["traceparent"]
    return _by_reference(shown, row["output_ref"])


def _by_reference(shown: Snapshot, output_ref: str | None) -> Snapshot:
    if output_ref is not None:
        shown["output_ref"] = output_ref
    return shown
