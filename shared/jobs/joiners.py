"""Single-flight: jobs that wait for another one of the same input instead of running.

A joiner is an unfinished row with `joined_to`. It is in no backlog and has no snapshot: it ends in
the transaction that ends its leader, or leads itself when the leader went without an answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, literal_column, or_, select, update

from shared.domain.names import Priority
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import store
from shared.jobs.table import job_table as job

# Written out, not bound: only so do the databases use the partial index.
_UNFINISHED = job.c.status == literal_column("'queued'")

_RANK = {priority.value: rank for rank, priority in enumerate(Priority)}

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
        return same and _RANK[self.priority] <= _RANK[priority]


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
_JOINERS = (
    select(*store.LOGGED, job.c.priority)
    .where(_UNFINISHED, job.c.joined_to.in_(bindparam("ids", expanding=True)))
    .order_by(job.c.id)
    .with_for_update()
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
    return row["status"] == "queued" and row["crashes"] == 0 and row["joined_to"] is None


def waiting_for(connection: Connection, leader_ids: Sequence[str]) -> Sequence[RowMapping]:
    """The unfinished joiners of these jobs, locked; the most urgent first, of those the oldest."""
    rows = connection.execute(_JOINERS, {"ids": list(leader_ids)}).mappings()
    return sorted(rows, key=lambda row: (_RANK[row["priority"]], row["created_at"], row["id"]))


def outcome_for(joiner: RowMapping, outcome: Outcome) -> Outcome:
    """Its leader's outcome: it never queued itself, and did not start before it was there."""
    begun = outcome.started_at and max(outcome.started_at, joiner["created_at"].timestamp())
    return replace(outcome, started_at=begun, queue_time=None)


def lead(connection: Connection, job_ids: Sequence[str], now: datetime) -> None:
    """Makes the first of some joiners their leader, to be dispatched at once."""
    first, *others = job_ids
    statement = update(job).where(_UNFINISHED, job.c.id == first)
    connection.execute(statement.values(joined_to=None, cache="miss", dispatch_after=now))
    if others:
        statement = update(job).where(_UNFINISHED, job.c.id.in_(others))
        connection.execute(statement.values(joined_to=first))


def leaderless(connection: Connection, limit: int) -> list[str]:
    """Joiners whose leader has ended or is gone: none, unless a row was changed from outside."""
    leader = job.alias()
    statement = (
        select(job.c.id)
        .outerjoin(leader, leader.c.id == job.c.joined_to)
        .where(_UNFINISHED, job.c.joined_to.is_not(None))
        .where(or_(leader.c.id.is_(None), leader.c.status != "queued"))
        .limit(limit)
    )
    return sorted(connection.execute(statement).scalars())
