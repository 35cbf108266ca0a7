import asyncio
from collections.abc import Iterable, Iterator, Sequence

import pytest
import redis
from sqlalchemy import Engine

from shared.backlog.backlogs import Move
from shared.backlog.breaker import Breaker
from shared.db.engine import reading
from shared.errors import IdempotencyMismatch, InvalidInput, Unavailable
from shared.jobs import store
from shared.jobs.group_commit import GroupCommit
from shared.jobs.submit import Submitter
from shared.payloads.directory import DirectoryBlobs
from shared.result_cache.results import Answer, Question


class RecordedBacklogs:
    """Keeps the moves; raises what it is told to."""

    def __init__(self) -> None:
        self.moved: list[Move] = []
        self.error: Exception | None = None
        self.calls = 0

    def move(self, moves: Sequence[Move]) -> list[bool]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        self.moved += moves
        return [True] * len(moves)


@pytest.fixture
def backlogs() -> RecordedBacklogs:
    return RecordedBacklogs()


class KnownResults:
    """Answers what it is told to, whoever asks; raises what it is told to."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.error: Exception | None = None

    def look_up(self, questions: Iterable[Question]) -> dict[str, Answer]:
        if self.error is not None:
            raise self.error
        return {
            question.job_id: self.answers[question.input_hash]
            for question in questions
            if question.input_hash in self.answers and question.reuse
        }


@pytest.fixture
def results() -> KnownResults:
    return KnownResults()


@pytest.fixture
def submitter(engine: Engine, backlogs, results, clock, settings) -> Iterator[Submitter]:
    commit = GroupCommit(engine, clock, settings)
    parts = {"breaker": Breaker(clock), "settings": settings}
    submitter = Submitter(commit, backlogs, results, DirectoryBlobs(settings.blobs_dir), **parts)
    submitter.start()
    yield submitter
    submitter.stop()


@pytest.fixture
def submit(submitter: Submitter):
    def run(*jobs):
        async def all_at_once():
            asked = (submitter.submit(job) for job in jobs)
            return await asyncio.gather(*asked, return_exceptions=True)

        return asyncio.run(all_at_once())

    return run


@pytest.fixture
def row(engine: Engine):
    def run(job_id: str):
        with reading(engine) as connection:
            return next(iter(store.read_many(connection, [job_id])), None)

    return run


def test_a_job_is_stored_before_it_is_dispatched(submit, new_job, row, backlogs) -> None:
    job = new_job()
    (accepted,) = submit(job)
    assert (accepted.created, accepted.prediction["status"]) == (True, "starting")
    assert row(job.id)["status"] == "queued"
    assert [move.entry.id for move in backlogs.moved] == [job.id]


def test_many_at_once_share_few_commits(submit, new_job, backlogs) -> None:
    jobs = [new_job() for _ in range(200)]
    answers = submit(*jobs)
    assert all(answer.created for answer in answers)
    assert {move.entry.id for move in backlogs.moved} == {job.id for job in jobs}
    assert backlogs.calls < 20


def test_the_same_request_again_is_the_same_job(submit, new_job, backlogs) -> None:
    job = new_job()
    assert [submit(job)[0].created for _ in range(2)] == [True, False]
    assert len(backlogs.moved) == 1


def test_the_same_request_twice_at_once_is_one_job(submit, new_job, backlogs) -> None:
    job = new_job(idempotency_key="k")
    twin = new_job(idempotency_key="k")
    first, second = submit(job, twin)
    assert (first.created, second.created) == (True, False)
    assert second.prediction["id"] == job.id


def test_another_request_under_the_same_id_is_refused(submit, new_job, row) -> None:
    job = new_job()
    submit(job)
    (answer,) = submit(new_job(id=job.id, body_hash="x" * 64, input=b"{}"))
    assert isinstance(answer, IdempotencyMismatch)
    assert row(job.id)["input"] == job.input


def test_another_tenants_id_is_refused(submit, new_job) -> None:
    job = new_job(tenant="a")
    submit(job)
    (answer,) = submit(new_job(id=job.id, tenant="b"))
    assert isinstance(answer, IdempotencyMismatch)


def test_a_row_that_cannot_be_stored_fails_alone(submit, new_job, row) -> None:
    jobs = [new_job() for _ in range(9)]
    bad = new_job(input_hash=None)
    answers = submit(*jobs[:5], bad, *jobs[5:])
    assert isinstance(answers[5], InvalidInput)
    assert all(row(job.id) for job in jobs)
    assert row(bad.id) is None


def test_without_redis_a_job_is_accepted_all_the_same(submit, new_job, row, backlogs) -> None:
    backlogs.error = redis.TimeoutError("too slow")
    first, second = new_job(), new_job()
    assert submit(first)[0].created
    assert submit(second)[0].created
    assert row(first.id) and row(second.id)
    assert backlogs.calls == 1  # the breaker spares the second request the time-out


def test_without_sql_nothing_is_accepted(submit, submitter, engine, new_job, backlogs) -> None:
    submitter._commit._engine = _broken(engine)
    (answer,) = submit(new_job())
    assert isinstance(answer, Unavailable)
    assert backlogs.moved == []


def test_a_large_input_stands_in_the_blob_store(submit, new_job, row, settings) -> None:
    job = new_job(input=b'"' + b"x" * settings.inline_input_max_bytes + b'"')
    submit(job)
    stored = row(job.id)
    assert stored["input"] is None
    assert DirectoryBlobs(settings.blobs_dir).get(stored["input_ref"]) == job.input


def test_who_hangs_up_cancels_nothing(submitter, new_job, row) -> None:
    job = new_job()

    async def hang_up() -> None:
        task = asyncio.create_task(submitter.submit(job))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(hang_up())
    submitter.stop()
    assert row(job.id)["status"] == "queued"


def _broken(engine: Engine) -> Engine:
    """A database of the same kind that is not there."""
    from shared.db.engine import create_database_engine

    if engine.dialect.name == "sqlite":
        return create_database_engine("sqlite:////nowhere/at/all.db")
    return create_database_engine("postgresql+psycopg://postgres@/x?host=/nowhere")
