"""Submits, ends and deadlines at once: nobody is left behind, nobody waits for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, select

from shared.db.engine import reading, writing
from shared.domain.failures import Failure
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import joiners, lifecycle, store
from shared.jobs.group_commit import GroupCommit, Submit
from shared.jobs.lifecycle import End
from shared.jobs.table import job_table
from shared.result_cache.results import Answer

SUCCESS = Outcome(State.SUCCEEDED, b"1")
CANCELED = Outcome(State.CANCELED)
EXPIRED = Outcome.failed(Failure.DEADLINE_EXCEEDED, "too late")
ROUNDS = 25


@pytest.fixture
def finish(engine: Engine, clock):
    def run(outcome: Outcome, *job_ids: str) -> None:
        with writing(engine) as connection:
            ends = [End(job_id, None, outcome) for job_id in job_ids]
            lifecycle.finish(connection, ends, clock.now())

    return run


@pytest.fixture
def join(engine: Engine, clock, settings, new_job):
    """Commits jobs to which a leader has been proposed."""
    commit = GroupCommit(engine, clock, settings)

    def run(leader_id: str) -> None:
        jobs = [new_job(reuses=True, keeps_result=True) for _ in range(4)]
        answers = commit([Submit(job, None) for job in jobs], {jobs[0].id: Answer(leader_id, None)})
        assert len(answers) == len(jobs)

    return run


@pytest.fixture
def left_behind(engine: Engine):
    """The unfinished jobs that wait for one that has ended; and how many have ended or lead."""

    def run() -> tuple[list[str], int]:
        with reading(engine) as connection:
            fates = connection.execute(select(job_table.c.status, job_table.c.joined_to)).all()
            waits = joiners.left_behind(connection, 1000)
        return waits, sum(status != "queued" or leader is None for status, leader in fates)

    return run


def at_once(*calls: Callable[[], None]) -> None:
    """All begin at the same moment; raises what any of them raised."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], None]) -> None:
        barrier.wait()
        call()

    with ThreadPoolExecutor(len(calls)) as threads:
        list(threads.map(run, calls))


def test_who_joins_while_the_leader_ends_ends_too(stored, finish, join, left_behind) -> None:
    for _ in range(ROUNDS):
        leader = stored().id
        at_once(lambda leader=leader: join(leader), lambda leader=leader: finish(SUCCESS, leader))
    assert left_behind() == ([], ROUNDS * 5)


def test_who_joins_while_the_leader_is_canceled_runs(stored, finish, join, left_behind) -> None:
    for _ in range(ROUNDS):
        leader = stored().id
        at_once(lambda leader=leader: join(leader), lambda leader=leader: finish(CANCELED, leader))
    waits, ended_or_led = left_behind()
    assert waits == []
    assert (
        ended_or_led == ROUNDS * 2
    )  # each canceled leader, and the one that leads the other three


def test_ends_of_leaders_and_joiners_wait_for_each_other_in_one_order(
    engine, stored, new_job, settings, finish, left_behind
) -> None:
    for _ in range(ROUNDS):
        *ids, leader = sorted(new_job_id() for _ in range(30))
        stored(id=leader)
        with writing(engine) as connection:
            rows = [new_job(id=each).row(settings, None, leader) for each in ids]
            store.insert(connection, rows)
        by_deadline, by_worker = [*ids[::-1], leader], [leader]
        at_once(
            lambda ids=by_deadline: finish(EXPIRED, *ids),
            lambda ids=by_worker: finish(SUCCESS, *ids),
        )
    assert left_behind() == ([], ROUNDS * 30)
