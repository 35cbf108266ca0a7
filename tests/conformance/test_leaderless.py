from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, delete, update

from shared.db.engine import reading, writing
from shared.jobs import joiners, store
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


@pytest.mark.parametrize("ends", [True, False])
def test_who_lost_its_leader_runs_itself(
    leaderless, stored, joined, lose, row, engine, clock, ends
) -> None:
    leader, other = stored(), stored()
    left, follows = [joined(leader), joined(leader)], joined(other)
    lose(leader, ends=ends)
    clock.advance(1)
    leaderless.run()
    assert {(row(job.id)["joined_to"], row(job.id)["cache"]) for job in left} == {(None, "miss")}
    assert row(follows.id)["joined_to"] == other.id
    with reading(engine) as connection:
        due = store.due(connection, clock.now(), None, 9)
    assert [one.id for one in due] == sorted(job.id for job in left)


def test_it_goes_slice_by_slice(engine, clock, settings, stored, joined, lose) -> None:
    leader = stored()
    for _ in range(3):
        joined(leader)
    lose(leader, ends=True)
    small = settings.model_copy(update={"sweep_slice": 2})
    Leaderless(SimpleNamespace(engine=engine, clock=clock, settings=small)).run()
    with reading(engine) as connection:
        assert len(joiners.leaderless(connection, 9)) == 1


def test_it_finds_nothing_where_nothing_is_wrong(engine, leaderless, stored, joined, row) -> None:
    leader = stored()
    job = joined(leader)
    leaderless.run()
    assert row(job.id)["joined_to"] == leader.id
