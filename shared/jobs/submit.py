"""How a job is accepted: group commit, then dispatch.

All requests that arrive while one commit runs form the next group: nobody waits for a timer, and
the group grows with the load. One thread does the work of a group from top to bottom:

    one look in Redis      whose result is known, who may join whom <- may fail: then each one runs
    one SQL transaction    job rows with their inputs, synced       <- from here on it is accepted
    one move in Redis      snapshots and entries, bells             <- may fail: the sweeper does it
    answers

A client that hangs up cancels nothing. A row that cannot be stored fails alone.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import redis
import structlog

from shared import failpoints
from shared.backlog.backlogs import Backlogs, Move
from shared.backlog.breaker import Breaker
from shared.backlog.entries import Entry
from shared.domain.names import Backlog, Stage
from shared.errors import BusyError, QueuecastError, Unavailable
from shared.jobs import reuse
from shared.jobs.admission import Admission
from shared.jobs.group_commit import Accepted, Answers, GroupCommit, Submit
from shared.jobs.new_job import NewJob
from shared.payloads import references
from shared.payloads.blobs import Blobs
from shared.payloads.trouble import told_as_busy
from shared.result_cache.results import Answer, Question, ResultCache
from shared.settings import Settings
from shared.telemetry import counters
from shared.telemetry.many import observe_all
from shared.webhooks import bell
from shared.webhooks.events import Event, wants

log = structlog.get_logger()

LEADER_SECONDS = 0.25
"""So long a job may wait for a leader that another process has announced and not committed."""

LEADER_PAUSE_SECONDS = 0.005


@dataclass(slots=True)
class _Waiting(Submit):
    answer: "asyncio.Future[Accepted] | None" = None
    arrived_at: float = 0.0
    patient_until: float | None = None


class Submitter:
    """Accepts jobs of one API process; `start` and `stop` frame its life."""

    def __init__(
        self,
        commit: GroupCommit,
        backlogs: Backlogs,
        results: ResultCache,
        blobs: Blobs,
        *,
        breaker: Breaker,
        settings: Settings,
        admission: Admission | None = None,
    ) -> None:
        """Without an `admission` any number of jobs may wait."""
        self._admission = admission
        self._commit = commit
        self._backlogs = backlogs
        self._results = results
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
        arrived_at = time.monotonic()
        if self._admission is not None:
            if not self._admission.has_room(job):
                await self._admission.require_room(job)
            self._admission.enter(job)
        input_ref = None
        if len(job.input) > self._settings.inline_input_max_bytes:
            input_ref = await self._stored_input(job)
        answer: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(job, input_ref, job.reuses, answer, arrived_at))
        self._wake.set()
        return await answer  # to cancel it cancels no job: it is only not answered

    def _run(self) -> None:
        while not self._stopping or self._waiting:
            self._wake.wait()
            self._wake.clear()
            while group := self._next_group():
                self._accept(group)

    def _accept(self, group: Sequence[_Waiting]) -> None:
        answers: Answers = {one.job.id: _UNKNOWN for one in group}
        try:
            found = self._ask(reuse.questions(one.job for one in group))
            failpoints.reach("submit.asked")
            answers = self._commit(group, found)
            failpoints.reach("submit.committed")
            self._forget_inputs([one for one in group if _is_unwanted(answers.get(one.job.id))])
            led_anew = [
                one.job for one in group if one.job.id in found and _running(answers, one.job)
            ]
            self._ask(reuse.questions(led_anew, reuse=False))
            self._dispatch(group, answers)
            failpoints.reach("submit.dispatched")
            if _call_back(group, answers) and not self._breaker.is_open:
                bell.ring(self._backlogs)
            counters.group_rows.observe(len(group))
        except Exception:  # this thread serves everybody: it must outlive any single group
            log.exception("group_failed", jobs=len(group))
        finally:
            if self._admission is not None:
                self._admission.settle(group, answers)
            self._answer([one for one in group if one.job.id in answers], answers)
            if waits := [one for one in group if one.job.id not in answers]:
                self._wait_once_more(waits)

    def _next_group(self) -> list[_Waiting]:
        """What has arrived, to the group's bounds; of one id or key only the first.

        The others of that name are first in the next group: they hold up nobody else.
        """
        group: list[_Waiting] = []
        namesakes: list[_Waiting] = []
        names: set[tuple[str, str]] = set()
        size, most = 0, self._settings.group_max_rows
        while self._waiting and len(group) + len(namesakes) < most:
            job = self._waiting[0].job
            its_names = {("", job.id), (job.tenant, job.idempotency_key or job.id)}
            if names & its_names:
                namesakes.append(self._waiting.popleft())
                continue
            size += len(job.input)
            if group and size > self._settings.group_max_bytes:
                break
            names |= its_names
            group.append(self._waiting.popleft())
        self._waiting.extendleft(reversed(namesakes))
        return group

    def _wait_once_more(self, group: Sequence[_Waiting]) -> None:
        """Their leader was proposed, but SQL does not know it yet."""
        if not self._waiting:
            time.sleep(LEADER_PAUSE_SECONDS)
        now = time.monotonic()
        for one in reversed(group):
            one.patient_until = one.patient_until or now + LEADER_SECONDS
            one.patient = now < one.patient_until
            self._waiting.appendleft(one)

    def _ask(self, questions: Sequence[Question]) -> Mapping[str, Answer]:
        """What Redis knows of the inputs; nothing when it cannot be asked."""
        if not questions or self._breaker.is_open:
            return {}
        try:
            return self._results.look_up(questions)
        except redis.RedisError as error:
            self._redis_failed("look_up", len(questions), error)
            return {}

    def _dispatch(self, group: Sequence[_Waiting], answers: Answers) -> None:
        """Puts committed jobs on their backlogs; a failure leaves them to the sweeper."""
        moves = [
            _first_move(one, accepted)
            for one in group
            if (accepted := _running(answers, one.job)) is not None
        ]
        if not moves or self._breaker.is_open:
            return
        try:
            self._backlogs.move(moves)
        except redis.RedisError as error:
            self._redis_failed("dispatch", len(moves), error)

    def _redis_failed(self, call: str, jobs: int, error: redis.RedisError) -> None:
        self._breaker.trip()
        counters.redis_failures.labels(call).inc()
        log.warning("submit_without_redis", call=call, jobs=jobs, error=type(error).__name__)

    def _answer(self, group: Sequence[_Waiting], answers: Answers) -> None:
        pairs = [(one.answer, answers[one.job.id]) for one in group if one.answer]
        if not pairs:
            return
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            pairs[0][0].get_loop().call_soon_threadsafe(_resolve, pairs)
        now = time.monotonic()
        observe_all(counters.submit_seconds, [now - one.arrived_at for one in group])

    async def _stored_input(self, job: NewJob) -> str:
        try:
            return await asyncio.to_thread(self._put_input, job)
        except BaseException:
            if self._admission is not None:
                self._admission.turn_back(job)
            raise

    def _put_input(self, job: NewJob) -> str:
        with told_as_busy():
            return self._blobs.put(references.new_input(), job.input, synced=True)

    def _forget_inputs(self, group: Sequence[_Waiting]) -> None:
        self._blobs.delete(*(one.input_ref for one in group if one.input_ref is not None))


_UNKNOWN = Unavailable("it is not known whether the job was stored; send it again")


def _running(answers: Answers, job: NewJob) -> Accepted | None:
    answer = answers.get(job.id)
    return answer if isinstance(answer, Accepted) and answer.runs else None


def _call_back(group: Sequence[Submit], answers: Answers) -> bool:
    """Whether webhooks may be due: of jobs that had their result, or that tell of their start."""
    return any(
        one.job.webhook is not None
        and isinstance(accepted := answers.get(one.job.id), Accepted)
        and (accepted.prediction["terminal"] or wants(one.job.webhook_events, Event.START))
        for one in group
    )


def _first_move(one: Submit, accepted: Accepted) -> Move:
    job = one.job
    entry = Entry(
        job=accepted.prediction,
        payload=b"" if one.input_ref else job.input,
        payload_ref=one.input_ref,
        deadline=job.deadline_at.timestamp() if job.deadline_at else None,
    )
    return Move(entry, Backlog(Stage.PREPROCESS, job.model, job.version))


def _is_unwanted(answer: Accepted | QueuecastError | None) -> bool:
    """Whether no row holds what was sent; after a BusyError nobody knows."""
    if isinstance(answer, Accepted):
        return not answer.created
    return isinstance(answer, QueuecastError) and not isinstance(answer, BusyError)


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
