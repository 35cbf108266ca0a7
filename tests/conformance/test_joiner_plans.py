"""Every end of a job asks for its joiners: the databases must find them by index."""

import pytest
from sqlalchemy import Engine, event, text

from shared.db.engine import writing
from shared.domain.ids import new_job_id
from shared.jobs import joiners, store


@pytest.fixture
def many(engine: Engine, new_job, settings) -> None:
    """A backlog of which few jobs have joined another."""
    leader = new_job()
    rows = [new_job().row(settings, None) for _ in range(3000)]
    rows += [new_job().row(settings, None, leader.id) for _ in range(9)]
    with writing(engine) as connection:
        store.insert(connection, [leader.row(settings, None), *rows])
        if engine.dialect.name == "postgresql":  # its daemon would; SQLite has none
            connection.execute(text("ANALYZE"))


@pytest.fixture
def plan(engine: Engine, many: None):
    """How the database does what a function asks of a connection."""
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"

    def run(ask) -> str:
        asked = []
        with engine.connect() as connection:
            event.listen(connection, "before_cursor_execute", lambda *seen: asked.append(seen[2:4]))
            ask(connection)
            statement, parameters = asked[-1]  # the first may be BEGIN
            rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
        return "\n".join(str(row[-1]) for row in rows)

    return run


@pytest.mark.parametrize("leaders", [1, 256])
def test_joiners_are_found_by_index(plan, leaders) -> None:
    ids = [new_job_id() for _ in range(leaders)]
    found = plan(lambda connection: joiners.waiting_for(connection, ids))
    assert "job_joined" in found
    assert not scans(found)


def test_the_leaderless_are_looked_for_among_joiners_only(plan) -> None:
    found = plan(lambda connection: joiners.leaderless(connection, 500))
    assert "job_joined" in found
    assert not scans(found)


def test_leaders_are_found_by_their_ids(plan, clock) -> None:
    ids = [new_job_id() for _ in range(50)]
    found = plan(lambda connection: joiners.read_leaders(connection, ids, clock.now()))
    assert "job" in found
    assert not scans(found)


def scans(plan: str) -> bool:
    """Whether every row of the table is looked at."""
    return "Seq Scan" in plan or any(
        line.startswith("SCAN") and "job_joined" not in line for line in plan.splitlines()
    )
