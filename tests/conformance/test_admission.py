import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.access.principal import Limits
from shared.backlog.breaker import Breaker
from shared.backlog.rooms import FULL_SECONDS, Count, Rooms
from shared.clock import FakeClock
from shared.db.engine import reading, writing
from shared.domain.outcome import Outcome
from shared.domain.serving import Serving
from shared.domain.states import State
from shared.errors import QueueFull, RateLimited
from shared.jobs import lifecycle, store
from shared.jobs.admission import Admission, TenantJobs
from shared.jobs.group_commit import Accepted, GroupCommit
from shared.jobs.lifecycle import End
from shared.jobs.new_job import NewJob
from shared.jobs.submit import Submitter
from shared.payloads.directory import DirectoryBlobs
from shared.settings import Settings

LARGE = b'"' + b"x" * 100_000 + b'"'
TWO = Limits(jobs_in_flight=2).policies


async def nobody(_model: str, _most: int) -> Count:
    return Count(0)


@pytest.fixture
def admission(engine: Engine, clock: FakeClock) -> Admission:
    served = {"digits": Serving(queue_max_jobs=1)}
    return Admission(Rooms(nobody, clock), Rooms(TenantJobs(engine), clock), served, 9)


def admit(admission: Admission, *jobs: NewJob) -> None:
    async def run() -> None:
        for job in jobs:
            if not admission.has_room(job):
                await admission.require_room(job)
            admission.enter(job)

    asyncio.run(run())


def end(engine: Engine, job: NewJob, clock: FakeClock) -> None:
    with writing(engine) as connection:
        outcome = Outcome(State.SUCCEEDED, output=b"1")
        lifecycle.finish(connection, [End(job.id, None, outcome)], clock.now())


def test_jobs_of_a_tenant_count_until_they_end(
    engine: Engine, stored: Callable[..., NewJob], clock: FakeClock
) -> None:
    jobs = [stored(tenant="acme") for _ in range(3)]
    stored(tenant="other")
    end(engine, jobs[0], clock)
    with reading(engine) as connection:
        assert store.count_unfinished(connection, "acme", 99) == 2
        assert store.count_unfinished(connection, "acme", 1) == 1
        assert store.count_unfinished(connection, "nobody", 99) == 0


def test_a_tenant_may_have_only_so_many_unfinished_jobs(
    engine: Engine, admission: Admission, stored: Any, new_job: Any, clock: FakeClock
) -> None:
    one, _ = stored(tenant="acme"), stored(tenant="acme")
    third = new_job(tenant="acme", tenant_policies=TWO)

    async def try_again_and_again() -> None:
        await admission.require_room(third)  # nobody has counted yet
        await asyncio.sleep(0.2)
        with pytest.raises(RateLimited) as refused:
            await admission.require_room(third)
        assert refused.value.headers["RateLimit"] == '"jobs";r=0;t=5'
        await admission.require_room(new_job(tenant="acme"))
        await admission.require_room(new_job(tenant="other", tenant_policies=TWO))
        end(engine, one, clock)
        clock.advance(FULL_SECONDS)
        await admission.require_room(third)

    asyncio.run(try_again_and_again())


def test_a_models_own_bound_wins(admission: Admission, new_job: Any) -> None:
    admit(admission, *(new_job() for _ in range(9)), new_job(model="digits"))
    for model in ("wine", "digits"):
        with pytest.raises(QueueFull, match=r"jobs of .* wait already"):
            admit(admission, new_job(model=model))


@pytest.fixture
def submitter(
    engine: Engine, backlogs: Any, results: Any, clock: FakeClock, settings: Settings,
    admission: Admission,
) -> Iterator[Submitter]:  # fmt: skip
    commit, blobs = GroupCommit(engine, clock, settings), DirectoryBlobs(settings.blobs_dir)
    parts: dict[str, Any] = {"breaker": Breaker(clock), "settings": settings}
    submitter = Submitter(commit, backlogs, results, blobs, **parts, admission=admission)
    submitter.start()
    yield submitter
    submitter.stop()


def test_large_inputs_that_come_at_once_exceed_no_bound(submit: Any, new_job: Any) -> None:
    answers = submit(*(new_job(input=LARGE) for _ in range(20)))
    assert sum(isinstance(one, Accepted) for one in answers) == 9


def test_who_could_not_be_stored_takes_no_place(
    submit: Any, new_job: Any, settings: Settings
) -> None:
    settings.blobs_dir.parent.mkdir(parents=True, exist_ok=True)
    settings.blobs_dir.write_text("no folder")
    submit(*(new_job(input=LARGE) for _ in range(9)))
    assert all(isinstance(one, Accepted) for one in submit(*(new_job() for _ in range(9))))
