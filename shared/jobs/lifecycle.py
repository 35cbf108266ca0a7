"""The only module that moves a job in SQL; `shared.domain.states` lists the moves.

    dispatch   a new attempt, for a job that Redis no longer holds
    crash      a worker died while running it; from now on it is a suspect
    finish     an end, once, with its log row, its joiners, and the webhooks that tell of it
    follow     joiners that an end has left behind end as their leader, or one of them leads
    hit        a new job whose result is known

Every move is a compare-and-set by the rules of `shared.domain.life`; all of them run inside the
caller's transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    insert,
    select,
    update,
)

from shared.db.expressions import among
from shared.db.prepared import Prepared
from shared.domain import life
from shared.domain.life import Verdict
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import joiners, store
from shared.jobs.store import Due
from shared.jobs.table import job_table as job
from shared.prediction_log.summary import summarize
from shared.prediction_log.table import log_table
from shared.webhooks import outbox
from shared.webhooks.events import Event, wants

FOLLOWED_AT_ONCE = 500
"""Joiners in one transaction: 6 ms on SQLite, where nobody else writes meanwhile."""

_QUEUED = State.QUEUED.value

Row = dict[str, Any]
"""A row of `job`, or what is to become one, by the names of its columns."""


@dataclass(frozen=True, slots=True)
class End:
    """A job's proposed end; `attempt` None means whatever attempt is current."""

    job_id: str
    attempt: int | None
    outcome: Outcome


class Followed(NamedTuple):
    """The joiners that ended, which of their leaders may have more, whether webhooks are due."""

    joined: list[str]
    leaving: list[str]
    calls_back: bool


@dataclass(slots=True)
class Finished:
    """What became of the proposed ends.

    `recorded` reached their end now, `joined` with them; `already` are the rows that were terminal
    before; `fenced` belong to a later attempt; `unknown` have no row. `hashes` are the input hashes
    of the recorded. `leaving` are leaders that more joiners wait for than one transaction ends: see
    `shared.jobs.last_joiners`. `calls_back`: webhooks are due.
    """

    recorded: list[End] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    already: list[str] = field(default_factory=list)
    fenced: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)
    calls_back: bool = False

    def add(self, followed: Followed) -> None:
        self.joined += followed.joined
        self.leaving = followed.leaving
        self.calls_back = self.calls_back or followed.calls_back


def finish(connection: Connection, ends: Sequence[End], now: datetime) -> Finished:
    """Moves jobs to their terminal states and writes their log rows.

    The rows are locked first (on SQLite the transaction holds the write lock already), so the
    decision and the update see the same state.
    """
    rows = _locked_rows(connection, [end.job_id for end in ends])
    result = Finished()
    ended: dict[str, Row] = {}
    for end in ends:
        row = rows.get(end.job_id)
        if row is None:
            result.unknown.append(end.job_id)
            continue
        found = life.verdict(row["status"], row["attempt"], end.attempt)
        if found is Verdict.ALREADY or end.job_id in ended:
            result.already.append(end.job_id)
        elif found is Verdict.FENCED:
            result.fenced.append(end.job_id)
        else:
            result.recorded.append(end)
            result.hashes[end.job_id] = row["input_hash"]
            ended[end.job_id] = row
    if result.recorded:
        _end(connection, [(end, rows[end.job_id]) for end in result.recorded], now)
        result.calls_back = _call_back(connection, ended.values(), now)
        result.add(follow(connection, list(ended), now))
    return result


def hit(
    connection: Connection, found: Sequence[tuple[dict[str, Any], Outcome]], now: datetime
) -> set[str]:
    """Inserts jobs with the outcome that another had for the same input; answers the new ids."""
    rows = [
        row | {"status": State.SUCCEEDED.value, "cache": "hit", "completed_at": now}
        | {"output": outcome.output, "output_ref": outcome.output_ref}
        for row, outcome in found
    ]  # fmt: skip
    created = store.insert(connection, rows)
    logs = [
        _log_values(row, Outcome(State.SUCCEEDED, output=row["output"]), now)
        for row in rows
        if row["id"] in created
    ]
    if logs:
        _LOG.execute(connection, logs)
        _call_back(connection, [row for row in rows if row["id"] in created], now)
    return created


def _end(connection: Connection, ends: Sequence[tuple[End, Row]], now: datetime) -> None:
    # `now` was read before the locks were had: a joiner may be younger.
    dated = [(end, row, max(now, row["created_at"])) for end, row in ends]
    _FINISH.execute(connection, [_end_values(end, at) for end, _, at in dated])
    _LOG.execute(connection, [_log_values(row, end.outcome, at) for end, row, at in dated])


def follow(connection: Connection, leader_ids: Sequence[str], now: datetime) -> Followed:
    """Ends joiners of jobs that have ended (or are gone), or lets the first of them lead.

    No more than `FOLLOWED_AT_ONCE` are looked at.
    """
    waiting: dict[str, list[str]] = defaultdict(list)
    found = joiners.waiting_for(connection, leader_ids, FOLLOWED_AT_ONCE)
    for row in found:
        waiting[row["joined_to"]].append(row["id"])
    ended: list[str] = []
    answered = _with_answer(connection, list(waiting)) if waiting else set()
    for leader_id, job_ids in waiting.items():
        if leader_id in answered:
            ended += job_ids
        else:
            joiners.lead(connection, job_ids, now)
    if ended:
        joiners.end(connection, ended)
    told = [row for row in found if row["joined_to"] in answered]
    leaving = list(leader_ids) if len(found) == FOLLOWED_AT_ONCE else []
    return Followed(ended, leaving, _call_back(connection, told, now))


def _with_answer(connection: Connection, leader_ids: Sequence[str]) -> set[str]:
    """Those of some leaders whose end says what their input comes to."""
    return {
        row["id"]
        for row in connection.execute(_ENDS, {"ids": leader_ids}).mappings()
        if life.answers_joiners(row["status"], row["error_code"])
    }


def _call_back(connection: Connection, ended: Iterable[Row], now: datetime) -> bool:
    """Writes the deliveries that tell of these ends; whether there are any."""
    due = [
        outbox.new_row(row["tenant"], row["id"], Event.COMPLETED, row["webhook"], now)
        for row in ended
        if row["webhook"] is not None and wants(row["webhook_events"], Event.COMPLETED)
    ]
    outbox.write(connection, due)
    return bool(due)


def dispatch(
    connection: Connection, found: Sequence[Due], now: datetime, grace_seconds: float
) -> list[str]:
    """Raises the attempt of those jobs that are still as they were found; answers their ids."""
    claimed = []
    for one in found:
        statement = (
            update(job)
            .where(*_as_found(one))
            .values(
                attempt=job.c.attempt + 1, dispatch_after=now + timedelta(seconds=grace_seconds)
            )
        )
        if connection.execute(statement).rowcount:
            claimed.append(one.id)
    return claimed


def crash(
    connection: Connection, found: Sequence[Due], now: datetime, crashes_max: int
) -> list[str]:
    """Counts one crash of each job that is still as it was found; answers which were counted.

    However often a death is reported, it counts once. Another run waits longer each time; there
    is none to wait for once `crashes_max` is reached.
    """
    counted = []
    for one in found:
        crashes, dispatch_after = life.after_crash(one.crashes, now, crashes_max)
        statement = (
            update(job)
            .where(*_as_found(one), job.c.crashes == one.crashes)
            .values(crashes=crashes, dispatch_after=dispatch_after)
        )
        if connection.execute(statement).rowcount:
            counted.append(one.id)
    return counted


def release(connection: Connection, found: Sequence[Due], now: datetime) -> None:
    """Lets jobs be dispatched at once that a worker held without running them."""
    for one in found:
        connection.execute(update(job).where(*_as_found(one)).values(dispatch_after=now))


def _as_found(one: Due) -> tuple[ColumnElement[bool], ...]:
    return (job.c.id == one.id, job.c.attempt == one.attempt, job.c.status == _QUEUED)


_LOG = Prepared(insert(log_table))
_LOCKED = Prepared(
    select(*store.LOGGED)
    .where(among(job.c.id, "ids"))
    .order_by(*joiners.LOCK_ORDER)
    .with_for_update()
)
# Made once: to make a statement costs as much as to execute it.
_ENDS = select(job.c.id, job.c.status, job.c.error_code).where(
    job.c.id.in_(bindparam("ids", expanding=True)), job.c.status != _QUEUED
)
# Its status is bound, not written out: PostgreSQL might go through all that are unfinished.
_FINISH = Prepared(
    update(job)
    .where(job.c.id == bindparam("job_id"), job.c.status == bindparam("old_status"))
    .values(
        status=bindparam("new_status"),
        output=bindparam("new_output"),
        output_ref=bindparam("new_output_ref"),
        error=bindparam("new_error"),
        error_code=bindparam("new_error_code"),
        queue_time=bindparam("new_queue_time"),
        preprocess_time=bindparam("new_preprocess_time"),
        predict_time=bindparam("new_predict_time"),
        batch_size=bindparam("new_batch_size"),
        started_at=bindparam("new_started_at"),
        completed_at=bindparam("new_completed_at"),
    )
)


def _locked_rows(connection: Connection, job_ids: list[str]) -> dict[str, Row]:
    return {row["id"]: row for row in _LOCKED.select(connection, ids=job_ids)}


def _end_values(end: End, now: datetime) -> dict[str, Any]:
    outcome = end.outcome
    started = outcome.started_at
    return {
        "job_id": end.job_id,
        "old_status": _QUEUED,
        "new_status": outcome.state.value,
        "new_output": outcome.output,
        "new_output_ref": outcome.output_ref,
        "new_error": outcome.error,
        "new_error_code": outcome.error_code,
        "new_queue_time": outcome.queue_time,
        "new_preprocess_time": outcome.preprocess_time,
        "new_predict_time": outcome.predict_time,
        "new_batch_size": outcome.batch_size,
        "new_started_at": datetime.fromtimestamp(started, UTC) if started else None,
        "new_completed_at": now,
    }


def _log_values(row: Row, outcome: Outcome, now: datetime) -> dict[str, Any]:
    says = summarize(outcome.output)
    return {
        "job_id": row["id"],
        "tenant": row["tenant"],
        "model": row["model"],
        "version": row["version"],
        "digest": row["digest"],
        "input_hash": row["input_hash"],
        "input_bytes": row["input_bytes"],
        "cache": row["cache"],
        "attempt": row["attempt"],
        "created_at": row["created_at"],
        "completed_at": now,
        "total_time": max(0.0, (now - row["created_at"]).total_seconds()),
        "input_shape": outcome.input_shape,
        "output": outcome.output,
        "label": says.label,
        "score": says.score,
        "value": says.value,
        "summary": says.summary,
        "status": outcome.state.value,
        "error_code": outcome.error_code,
        "batch_size": outcome.batch_size,
        "queue_time": outcome.queue_time,
        "preprocess_time": outcome.preprocess_time,
        "predict_time": outcome.predict_time,
    }
