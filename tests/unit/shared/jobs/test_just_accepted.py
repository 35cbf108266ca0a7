import pytest

from shared.jobs import just_accepted
from shared.jobs.just_accepted import JustAccepted


@pytest.fixture
def jobs() -> JustAccepted:
    return JustAccepted()


def accepted(jobs, job, **changes):
    jobs.expect(job.id)
    jobs.note(job.id, job.snapshot(1024) | changes)
    return jobs.find(job.tenant, job.id)


def test_a_job_that_was_accepted_is_found(jobs, new_job) -> None:
    job = new_job()
    assert accepted(jobs, job) == job.snapshot(1024)


def test_nobody_elses_is_found(jobs, new_job) -> None:
    job = new_job()
    accepted(jobs, job)
    assert jobs.find("other", job.id) is None


def test_an_end_that_is_told_before_the_acceptance_counts(jobs, new_job) -> None:
    job = new_job()
    jobs.expect(job.id)
    assert jobs.find("default", job.id) is None
    jobs.forget([job.id])
    jobs.note(job.id, job.snapshot(1024))
    assert jobs.find("default", job.id) is None


@pytest.mark.parametrize(
    "changes", [{"terminal": True}, {"id": "an earlier one"}, {"input_bytes": 4097}]
)
def test_what_has_ended_or_is_large_is_not_kept(jobs, new_job, changes) -> None:
    assert accepted(jobs, new_job(), **changes) is None


def test_what_was_told_or_cleared_is_forgotten(jobs, new_job) -> None:
    told, cleared = new_job(), new_job()
    accepted(jobs, told)
    jobs.forget([told.id, "unknown"])
    accepted(jobs, cleared)
    jobs.clear()
    assert [jobs.find("default", one.id) for one in (told, cleared)] == [None, None]


def test_the_oldest_makes_room(jobs, new_job, monkeypatch) -> None:
    monkeypatch.setattr(just_accepted, "MOST", 2)
    first, *others = [new_job() for _ in range(3)]
    found = [accepted(jobs, one) for one in (first, *others)]
    assert all(found)
    assert jobs.find("default", first.id) is None
