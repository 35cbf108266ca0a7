"""The database itself keeps a terminal job as it is."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from shared.db.engine import writing
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle
from shared.jobs.lifecycle import End

SUCCESS = Outcome(State.SUCCEEDED, output=b'{"label":"barolo"}')


@pytest.fixture
def ended(engine: Engine, stored, clock) -> str:
    """The id of a job that has succeeded."""
    job = stored()
    with writing(engine) as connection:
        lifecycle.finish(connection, [End(job.id, 1, SUCCESS)], clock.now())
    return str(job.id)


@pytest.fixture
def change(engine: Engine):
    def run(assignment: str) -> None:
        with writing(engine) as connection:
            connection.execute(text(f"UPDATE job SET {assignment}"))

    return run


@pytest.mark.parametrize(
    "assignment",
    [
        "status = 'queued', completed_at = NULL",
        "status = 'failed'",
        "completed_at = created_at",
        "attempt = attempt + 1",
        "crashes = 2",
        "error_code = 'worker_lost'",
        "cache = 'hit'",
        "batch_size = 7",
        "tenant = 'another'",
        "output_ref = 'outputs/x'",
        "output = input",
    ],
)
def test_a_terminal_row_refuses(ended, change, row, assignment) -> None:
    before = row(ended)
    with pytest.raises(DBAPIError, match="a terminal job never changes"):
        change(assignment)
    assert row(ended) == before


@pytest.mark.parametrize("assignment", ["output = NULL", "input = NULL, input_ref = NULL"])
def test_what_is_not_kept_any_longer_may_be_taken_away(ended, change, row, assignment) -> None:
    change(assignment)
    assert row(ended)["status"] == "succeeded"


def test_an_unfinished_row_changes(stored, change, row) -> None:
    job = stored()
    change("attempt = 7")
    assert row(job.id)["attempt"] == 7
