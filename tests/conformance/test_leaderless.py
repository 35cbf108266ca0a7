from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, delete, update

from shared.db.engine import reading, writing
from shared.jobs import store
from shared.jobs.table import job_table
from workers.leaderless import Leaderless


@pytest.fixture
def leaderless(engine: Engine, clock, settings) -> Leaderless:
    return Leaderless(SimpleNamespace(engine=engine, clock=clock, settings=settings))


@pytest.fixture
def lose(engine: Engine, clock):
    """Ends a leader behind everybody's back, or takes its row away."""

    def run(leader, *, ends: bool) -> None:
        ended = {"status": "failed", "completed_at": clock.now()}
        statement = update(job_table).values(**ended) if ends else delete(job_table)
        with writing(engine) as connection:
            connection.execute(statement.where(job_table.c.id == leader.id))

    return run


def test_who_lost_its_leaders_row_runs_itself(
    leaderless, stored, joined, lose, row, engine, clock
) -> None:
    leader, other = stored(), stored()
    left, follows = [joined(leader), joined(leader)], joined(other)
    lose(leader, ends=False)
    clock.advance(1)
    leaderless.run()
    with reading(engine) as connection:
        [due] = [one.id for one in store.due(connection, clock.now(), None, 9)]
    assert {row(job.id)["joined_to"] for job in left} == {None, due}
    assert row(follows.id)["joined_to"] == other.id


def test_who_was_left_behind_ends_as_its_leader_did(leaderless, stored, joined, lose, row) -> None:
    leader = stored()
    left = [joined(leader), joined(leader)]
    lose(leader, ends=True)
    leaderless.run()
    assert {row(job.id)["status"] for job in left} == {"failed"}
    assert {row(job.id)["completed_at"] for job in left} == {row(leader.id)["completed_at"]}


def test_it_finds_nothing_where_nothing_is_wrong(engine, leaderless, stored, joined, row) -> None:
    leader = stored()
    job = joined(leader)
    leaderless.run()
    assert row(job.id)["joined_to"] == leader.id
