"""The one SQL transaction of a group: who runs, who joins, who has a result; and what is taken."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, RowMapping
from sqlalchemy.exc import SQLAlchemyError

from shared.clock import Clock
from shared.db.engine import reading, writing
from shared.domain.prediction import Snapshot
from shared.domain.states import State
from shared.errors import (
    BusyError,
    IdempotencyMismatch,
    InvalidInput,
    QueuecastError,
    Unavailable,
)
from shared.jobs import joiners, lifecycle, reuse, store, views
from shared.jobs.new_job import NewJob
from shared.jobs.reuse import Plan
from shared.result_cache.results import Answer
from shared.settings import Settings
from shared.telemetry import counters
from shared.webhooks import outbox
from shared.webhooks.events import Event, wants

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a submit: `created` is False when the same request had been accepted before.

    `runs` says that the job is to be dispatched: it neither joined another nor had its result.
    """

    prediction: Snapshot
    created: bool
    runs: bool = False


@dataclass(slots=True)
class Submit:
    """A job on its way into SQL; `patient` while it may wait for a leader that is committing."""

    job: NewJob
    input_ref: str | None
    patient: bool = False


Answers = dict[str, Accepted | QueuecastError]
"""By job id; who is not among them is to be committed again: its leader was not there yet."""


class GroupCommit:
    """Blocking, to be called by one thread of a process."""

    def __init__(self, engine: Engine, clock: Clock, settings: Settings) -> None:
        self._engine = engine
        self._clock = clock
        self._settings = settings

    def __call__(self, group: Sequence[Submit], found: Mapping[str, Answer]) -> Answers:
        """`found` are the proposals of the result cache. A row that cannot be stored fails alone.

        The group is halved until that row stands alone. A database that cannot be reached answers
        BusyError to all.
        """
        now = self._clock.now()
        try:
            with writing(self._engine) as connection:
                plan, created = self._insert(connection, group, found, now)
        except BusyError as error:
            return {one.job.id: error for one in group}
        except (SQLAlchemyError, ValueError) as error:
            if len(group) > 1:
                middle = len(group) // 2
                return self(group[:middle], found) | self(group[middle:], found)
            log.warning("row_refused", job_id=group[0].job.id, error=type(error).__name__)
            return {group[0].job.id: InvalidInput("the job cannot be stored as it is")}
        accepted = list(self._accepted(plan, created, now))
        _count(accepted)
        answers: Answers = {one.prediction["id"]: one for one in accepted}
        undecided = {job.id for job in plan.undecided}
        for one in group:
            if one.job.id not in created and one.job.id not in undecided:
                answers[one.job.id] = self._taken(one.job)
        return answers

    def _insert(
        self,
        connection: Connection,
        group: Sequence[Submit],
        found: Mapping[str, Answer],
        now: datetime,
    ) -> tuple[Plan, set[str]]:
        """Decides what becomes of each job and inserts its row; answers the ids that are new."""
        proposed = {answer.job_id for answer in found.values() if answer.result is None}
        leaders = joiners.read_leaders(connection, proposed, now) if proposed else {}
        patient = frozenset(one.job.id for one in group if one.patient)
        plan = reuse.decide([one.job for one in group], found, leaders, patient)
        references = {one.job.id: one.input_ref for one in group}

        def row(job: NewJob, leader: str | None = None) -> dict[str, Any]:
            return job.row(self._settings, references[job.id], leader)

        created = store.insert(connection, [row(job) for job in plan.leads])
        plan.withdraw(created | leaders.keys())
        created |= store.insert(connection, [row(job) for job in plan.late])
        created |= store.insert(connection, [row(job, leader) for job, leader in plan.joins])
        _announce(connection, plan, created, now)
        hits = [(row(job), outcome) for job, outcome in plan.hits]
        return plan, created | lifecycle.hit(connection, hits, now)

    def _accepted(self, plan: Plan, created: set[str], now: datetime) -> Iterable[Accepted]:
        echo = self._settings.echo_input_max_bytes
        for job in (*plan.leads, *plan.late):
            if job.id in created:
                yield Accepted(job.snapshot(echo), created=True, runs=True)
        for job, _ in plan.joins:
            if job.id in created:
                yield Accepted(job.snapshot(echo) | {"cache": "joined"}, created=True)
        for job, outcome in plan.hits:
            if job.id in created:
                ended = views.finished(job.snapshot(echo), outcome, now)
                yield Accepted(ended | {"cache": "hit"}, created=True)

    def _taken(self, job: NewJob) -> Accepted | QueuecastError:
        """The answer to a submit whose id or key is taken: the same job, or a refusal."""
        try:
            with reading(self._engine) as connection:
                row = store.find_taken(connection, job.tenant, job.id, job.idempotency_key)
        except BusyError as error:
            return error
        if row is None:
            return Unavailable("the first request was withdrawn meanwhile", retry_after_seconds=1)
        if not _same_request(row, job):
            return IdempotencyMismatch("this id or key was used for another request")
        return Accepted(views.from_row(row, self._settings.echo_input_max_bytes), created=False)


def _announce(connection: Connection, plan: Plan, created: set[str], now: datetime) -> None:
    """Writes the deliveries that tell of a start, of jobs whose webhooks want to hear of it."""
    jobs = (*plan.leads, *plan.late, *(job for job, _ in plan.joins))
    due = [
        outbox.new_row(job.tenant, job.id, Event.START, job.webhook, now)
        for job in jobs
        if job.webhook is not None and job.id in created and wants(job.webhook_events, Event.START)
    ]
    outbox.write(connection, due)


def _same_request(row: RowMapping, job: NewJob) -> bool:
    return bool(row["tenant"] == job.tenant and row["body_hash"] == job.body_hash)


def _count(accepted: Iterable[Accepted]) -> None:
    """Once for each kind: a counter that several processes share costs 2 µs."""
    kinds = Counter((one.prediction["model"], one.prediction["cache"]) for one in accepted)
    for (model, cache), number in kinds.items():
        counters.jobs_accepted.labels(model).inc(number)
        counters.cache_answers.labels(model, cache).inc(number)
        if cache == "hit":
            counters.jobs_finished.labels(model, State.SUCCEEDED.value).inc(number)
