import asyncio

import redis
from sqlalchemy import Engine

from shared.errors import IdempotencyMismatch, InvalidInput, Unavailable
from shared.payloads.directory import DirectoryBlobs


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


def test_many_of_one_key_hold_up_nobody_else(submit, new_job, backlogs) -> None:
    keyed = [new_job(idempotency_key="k") for _ in range(50)]
    others = [new_job() for _ in range(50)]
    answers = submit(*(job for pair in zip(keyed, others, strict=True) for job in pair))
    assert {one.prediction["id"] for one in answers[::2]} == {keyed[0].id}
    assert all(one.created for one in answers[1::2])
    assert backlogs.calls < 10


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
