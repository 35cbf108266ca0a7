import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from shared.backlog.breaker import Breaker
from shared.db.engine import reading
from shared.errors import IdempotencyMismatch
from shared.jobs import store
from shared.jobs.group_commit import GroupCommit
from shared.jobs.submit import Submitter
from shared.payloads.directory import DirectoryBlobs

FIRST = b'"' + b"a" * 70_000 + b'"'
OTHER = b'"' + b"b" * 70_000 + b'"'


class NoBacklogs:
    """Takes every move."""

    def move(self, moves):
        return [True] * len(moves)


class NoResults:
    """Knows nothing."""

    def look_up(self, questions):
        return {}


@pytest.fixture
def blobs(settings) -> DirectoryBlobs:
    return DirectoryBlobs(settings.blobs_dir)


@pytest.fixture
def submit(engine: Engine, blobs, clock, settings) -> Iterator:
    commit = GroupCommit(engine, clock, settings)
    parts = {"breaker": Breaker(clock), "settings": settings}
    submitter = Submitter(commit, NoBacklogs(), NoResults(), blobs, **parts)
    submitter.start()

    def run(*jobs):
        async def all_at_once():
            asked = (submitter.submit(job) for job in jobs)
            return await asyncio.gather(*asked, return_exceptions=True)

        return asyncio.run(all_at_once())

    yield run
    submitter.stop()


@pytest.fixture
def stored_input(engine: Engine, blobs):
    def read(job_id: str) -> bytes:
        with reading(engine) as connection:
            (row,) = store.read_many(connection, [job_id])
        return blobs.get(row["input_ref"])

    return read


@pytest.fixture
def files(settings):
    return lambda: sorted(settings.blobs_dir.glob("inputs/*"))


def test_another_request_under_the_same_id_leaves_the_input_alone(
    submit, new_job, stored_input, files
) -> None:
    job = new_job(input=FIRST)
    submit(job)
    (answer,) = submit(new_job(id=job.id, input=OTHER, body_hash="x" * 64))
    assert isinstance(answer, IdempotencyMismatch)
    assert stored_input(job.id) == FIRST
    assert len(files()) == 1


def test_the_same_request_again_keeps_one_input(submit, new_job, stored_input, files) -> None:
    job = new_job(input=FIRST)
    answers = submit(job, job) + submit(job)
    assert sorted(answer.created for answer in answers) == [False, False, True]
    assert stored_input(job.id) == FIRST
    assert len(files()) == 1


def test_an_input_that_cannot_be_stored_in_sql_leaves_no_file(submit, new_job, files) -> None:
    submit(new_job(input=FIRST, input_hash=None))
    assert files() == []
