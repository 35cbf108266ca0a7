"""How a job is accepted: group commit, then dispatch.

All requests that arrive while one commit runs form the next group: nobody waits for a timer, and
the group grows with the load. One thread does the work of a group from top to bottom:

    one SQL transaction    job rows with their inputs, synced       <- from here on it is accepted
    one move in Redis      snapshots and entries, bells             <- may fail: the sweeper does it
    answers

A client that hangs up cancels nothing. A row that cannot be stored fails alone: its group is
halved until it stands alone.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import redis
import structlog
from sqlalchemy import Engine, RowMapping
from sqlalchemy.exc import SQLAlchemyError

from shared.backlog.backlogs import Backlogs, Move
from shared.backlog.breaker import Breaker
from shared.backlog.entries import Entry
from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.domain.names import Backlog, Stage
from shared.domain.prediction import Snapshot
from shared.errors import (
    BusyError,
    IdempotencyMismatch,
    InvalidInput,
    QueuecastError,
    StorageFull,
    Unavailable,
)
from shared.jobs import store, views
from shared.jobs.new_job import NewJob
from shared.payloads.blobs import Blobs
from shared.settings import Settings
from shared.telemetry import counters

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a submit: `created` is False when the same request had been accepted before."""

    prediction: Snapshot
    created: bool


@dataclass(slots=True)
class _Waiting:
    job: NewJob
    input_ref: str | None
    answer: "asyncio.Future[Accepted]"


class Submitter:
    """Accepts jobs of one API process; `start` and `stop` frame its life."""

    def __init__(
        self, engine: Engine, backlogs: Backlogs, blobs: Blobs, breaker: Breaker, settings: Settings
    ) -> None:
        self._engine = engine
        self._backlogs = backlogs
        self._blobs = blobs
        self._breaker = breaker
        self._settings = settings
        self._waiting: deque[_Waiting] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="submitter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Commits what has arrived, then ends."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    async def submit(self, job: NewJob) -> Accepted:
        """Answers once the job is committed; raises RequestError or BusyError."""
        input_ref = None
        if len(job.input) > self._settings.inline_input_max_bytes:
            input_ref = await asyncio.to_thread(self._put_input, job)
        waiting = _Waiting(job, input_ref, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        return await asyncio.shield(waiting.answer)

    def _run(self) -> None:
        while not self._stopping or self._waiting:
            self._wake.wait()
            self._wake.clear()
            while group := self._next_group():
                self._accept(group)

    def _accept(self, group: Sequence[_Waiting]) -> None:
        answers: dict[int, Accepted | QueuecastError] = {}
        try:
            answers = self._commit(group)
            self._forget_inputs([one for one in group if _is_unwanted(answers[id(one)])])
            self._dispatch([one for one in group if _is_new(answers[id(one)])])
            counters.group_rows.observe(len(group))
        except Exception:  # this thread serves everybody: it must outlive any single group
            log.exception("group_failed", jobs=len(group))
        finally:
            self._answer(group, answers)

    def _next_group(self) -> list[_Waiting]:
        """What has arrived, to the group's bounds; of one id or key only the first."""
        group: list[_Waiting] = []
        names: set[tuple[str, str]] = set()
        size = 0
        while self._waiting and len(group) < self._settings.group_max_rows:
            job = self._waiting[0].job
            size += len(job.input)
            its_names = {("", job.id), (job.tenant, job.idempotency_key or job.id)}
            if group and (size > self._settings.group_max_bytes or names & its_names):
                break
            names |= its_names
            group.append(self._waiting.popleft())
        return group

    def _commit(self, group: Sequence[_Waiting]) -> dict[int, Accepted | QueuecastError]:
        """The answer to each of the group, by its identity."""
        try:
            rows = [one.job.row(self._settings, one.input_ref) for one in group]
            with writing(self._engine) as connection:
                created = store.insert(connection, rows)
        except BusyError as error:
            return {id(one): error for one in group}
        except (SQLAlchemyError, ValueError) as error:
            return self._halve(group, error)
        return {
            id(one): self._accepted(one.job) if one.job.id in created else self._taken(one.job)
            for one in group
        }

    def _halve(
        self, group: Sequence[_Waiting], error: Exception
    ) -> dict[int, Accepted | QueuecastError]:
        if len(group) == 1:
            log.warning("row_refused", job_id=group[0].job.id, error=type(error).__name__)
            return {id(group[0]): InvalidInput("the job cannot be stored as it is")}
        middle = len(group) // 2
        return self._commit(group[:middle]) | self._commit(group[middle:])

    def _accepted(self, job: NewJob) -> Accepted:
        counters.jobs_accepted.labels(job.model).inc()
        return Accepted(job.snapshot(self._settings.echo_input_max_bytes), created=True)

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

    def _dispatch(self, group: Sequence[_Waiting]) -> None:
        """Puts committed jobs on their backlogs; a failure leaves them to the sweeper."""
        if not group or self._breaker.is_open:
            return
        try:
            self._backlogs.move([self._first_move(one) for one in group])
        except redis.RedisError as error:
            self._breaker.trip()
            counters.redis_failures.labels("dispatch").inc()
            log.warning("dispatch_left_to_sweeper", jobs=len(group), error=type(error).__name__)

    def _first_move(self, one: _Waiting) -> Move:
        job = one.job
        entry = Entry(
            job=job.snapshot(self._settings.echo_input_max_bytes),
            payload=b"" if one.input_ref else job.input,
            payload_ref=one.input_ref,
            deadline=job.deadline_at.timestamp() if job.deadline_at else None,
        )
        return Move(entry, Backlog(Stage.PREPROCESS, job.model, job.version))

    def _answer(
        self, group: Sequence[_Waiting], answers: dict[int, Accepted | QueuecastError]
    ) -> None:
        unknown = Unavailable("it is not known whether the job was stored; send it again")
        pairs = [(one.answer, answers.get(id(one), unknown)) for one in group]
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            group[0].answer.get_loop().call_soon_threadsafe(_resolve, pairs)

    def _put_input(self, job: NewJob) -> str:
        """Under a name of its own: the job's id may be that of an accepted job."""
        try:
            return self._blobs.put(f"inputs/{new_job_id()}", job.input, synced=True)
        except OSError as error:
            raise StorageFull("the input cannot be stored", retry_after_seconds=30) from error

    def _forget_inputs(self, group: Sequence[_Waiting]) -> None:
        for one in group:
            if one.input_ref is not None:
                self._blobs.delete(one.input_ref)


def _is_new(answer: Accepted | QueuecastError) -> bool:
    return isinstance(answer, Accepted) and answer.created


def _is_unwanted(answer: Accepted | QueuecastError) -> bool:
    """Whether no row holds what was sent; after a BusyError nobody knows."""
    if isinstance(answer, Accepted):
        return not answer.created
    return not isinstance(answer, BusyError)


def _same_request(row: RowMapping, job: NewJob) -> bool:
    return bool(row["tenant"] == job.tenant and row["body_hash"] == job.body_hash)


def _resolve(
    answers: "Sequence[tuple[asyncio.Future[Accepted], Accepted | QueuecastError]]",
) -> None:
    for future, answer in answers:
        if future.done():
            continue
        if isinstance(answer, QueuecastError):
            future.set_exception(answer)
        else:
            future.set_result(answer)
