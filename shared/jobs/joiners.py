"""Single-flight: jobs that wait for another one of the same input instead of running.

A joiner is an unfinished row with `joined_to`. It is in no backlog and has no snapshot: it ends
with its leader, or leads itself when the leader went without an answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    bindparam,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from shared.db.expressions import among, later_of, seconds_between
from shared.db.prepared import Prepared
from shared.domain import life
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs.table import job_table as job
from shared.prediction_log.table import log_table

# Written out, not bound: only so do the databases use the partial index.
_UNFINISHED = job.c.status == literal_column("'queued'")

_LOGGED = (
    "tenant", "model", "version", "digest", "input_hash", "input_bytes", "cache", "attempt",
    "created_at",
)  # fmt: skip

LOCK_ORDER = (job.c.joined_to.is_not(None), job.c.id)
"""Whoever locks several rows takes leaders before joiners: who ends a leader locks it first."""

JUST_ENDED_SECONDS = 1.0
"""So long a leader's result is taken from its row: Redis hears of an end after SQL. The results of
no model count for less."""


@dataclass(frozen=True, slots=True)
class Leader:
    """A job that others may join, or that has just succeeded: then with its `outcome`."""

    id: str
    tenant: str
    input_hash: str
    priority: str
    outcome: Outcome | None = None

    def may_lead(self, tenant: str, input_hash: str, priority: str) -> bool:
        """Never across tenants, and never a job that would run later than its joiner."""
        same = (self.tenant, self.input_hash) == (tenant, input_hash)
        return same and life.may_precede(self.priority, priority)


# Made once: to make a statement costs as much as to execute it.
_LEADERS = (
    select(
        job.c.id, job.c.tenant, job.c.input_hash, job.c.priority, job.c.status, job.c.crashes,
        job.c.joined_to, job.c.output, job.c.output_ref, job.c.completed_at,
    )
    .where(job.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(*LOCK_ORDER)
    .with_for_update(read=True)
)  # fmt: skip
_JOINERS = Prepared(
    select(
        job.c.id, job.c.joined_to, job.c.priority, job.c.created_at, job.c.tenant, job.c.webhook,
        job.c.webhook_events,
    )
    .where(_UNFINISHED, among(job.c.joined_to, "ids"))
    # Not by id alone: with a limit that may look like a walk through all jobs in their order.
    .order_by(*LOCK_ORDER)
    .limit(bindparam("most"))
    .with_for_update()
)  # fmt: skip
_leader = job.alias("leader")
_ENDING = (
    _UNFINISHED,
    job.c.id.in_(bindparam("ids", expanding=True)),
    _leader.c.id == job.c.joined_to,
)
_COMPLETED_AT = later_of(_leader.c.completed_at, job.c.created_at)
_OUTCOME = (
    "status", "output", "error_code", "preprocess_time", "predict_time", "batch_size"
)  # fmt: skip
_SAID = ("input_shape", "label", "score", "value", "summary")
_led = log_table.alias("led")
_LOG = insert(log_table).from_select(
    [*_LOGGED, *_OUTCOME, *_SAID, "job_id", "completed_at", "total_time"],
    select(
        *(job.c[name] for name in _LOGGED),
        *(_leader.c[name] for name in _OUTCOME),
        *(_led.c[name] for name in _SAID),
        job.c.id,
        _COMPLETED_AT,
        seconds_between(job.c.created_at, _COMPLETED_AT),
    )
    .select_from(
        job.join(_leader, _leader.c.id == job.c.joined_to).outerjoin(
            _led, _led.c.job_id == job.c.joined_to
        )
    )
    .where(*_ENDING),
)
_END = (
    update(job)
    .where(*_ENDING)
    .values(
        {name: _leader.c[name] for name in (*_OUTCOME, "output_ref", "error")}
        | {
            "started_at": later_of(_leader.c.started_at, job.c.created_at),
            "completed_at": _COMPLETED_AT,
        }
    )
)


def read_leaders(
    connection: Connection, job_ids: Iterable[str], now: datetime
) -> dict[str, Leader | None]:
    """Those of the jobs that have a row, by id; None where the job is not one to be joined.

    They cannot end before the transaction does.
    """
    found: dict[str, Leader | None] = {}
    for row in connection.execute(_LEADERS, {"ids": sorted(job_ids)}).mappings():
        parts = (row["id"], row["tenant"], row["input_hash"], row["priority"], _outcome(row))
        found[row["id"]] = Leader(*parts) if _leads(row, now) else None
    return found


def _outcome(row: RowMapping) -> Outcome | None:
    if row["status"] != State.SUCCEEDED:
        return None
    return Outcome(State.SUCCEEDED, output=row["output"], output_ref=row["output_ref"])


def _leads(row: RowMapping, now: datetime) -> bool:
    if row["status"] == "succeeded":
        return bool(now - row["completed_at"] <= timedelta(seconds=JUST_ENDED_SECONDS))
    suspect = life.is_suspect(row["crashes"])
    return row["status"] == "queued" and not suspect and row["joined_to"] is None


def waiting_for(
    connection: Connection, leader_ids: Sequence[str], most: int
) -> Sequence[dict[str, Any]]:
    """Unfinished joiners of these jobs, locked; the most urgent first, of those the oldest."""
    rows = _JOINERS.select(connection, ids=leader_ids, most=most)
    return sorted(rows, key=lambda row: life.turn(row["priority"], row["created_at"], row["id"]))


def end(connection: Connection, job_ids: Sequence[str]) -> None:
    """Ends joiners as their leaders have ended, each with its log row, in two statements.

    A joiner never queued itself, and neither started nor ended before it was there.
    """
    connection.execute(_LOG, {"ids": list(job_ids)})
    connection.execute(_END, {"ids": list(job_ids)})


def lead(connection: Connection, job_ids: Sequence[str], now: datetime) -> None:
    """Makes the first of some joiners their leader, to be dispatched at once."""
    first, *others = job_ids
    statement = update(job).where(_UNFINISHED, job.c.id == first)
    connection.execute(statement.values(joined_to=None, cache="miss", dispatch_after=now))
    if others:
        statement = update(job).where(_UNFINISHED, job.c.id.in_(others))
        connection.execute(statement.values(joined_to=first))


def left_behind(connection: Connection, limit: int) -> list[str]:
    """Leaders that have ended or are gone while some wait for them, by id."""
    leader = job.alias()
    statement = (
        select(job.c.joined_to)
        .distinct()
        .outerjoin(leader, leader.c.id == job.c.joined_to)
        .where(_UNFINISHED, job.c.joined_to.is_not(None))
        .where(or_(leader.c.id.is_(None), leader.c.status != "queued"))
        .limit(limit)
    )
    return sorted(connection.execute(statement).scalars())
