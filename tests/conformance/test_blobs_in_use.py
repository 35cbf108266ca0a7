from collections.abc import Callable

import pytest
from sqlalchemy import Engine, event, text, update

from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle
from shared.jobs.blobs_in_use import needed
from shared.jobs.lifecycle import End
from shared.jobs.store import Due
from shared.jobs.table import job_table
from shared.payloads.references import new_input, new_output, new_tensors


@pytest.fixture
def kept(engine: Engine) -> Callable[..., set[str]]:
    def ask(*references: str) -> set[str]:
        with reading(engine) as connection:
            return needed(connection, references)

    return ask


@pytest.fixture
def finish(engine: Engine, clock):
    def run(job_id: str, outcome: Outcome) -> None:
        with writing(engine) as connection:
            assert lifecycle.finish(connection, [End(job_id, None, outcome)], clock.now()).recorded

    return run


def test_an_input_is_needed_while_a_row_refers_to_it(engine, stored, kept) -> None:
    job, mine, other = stored(), new_input(), new_input()
    with writing(engine) as connection:
        one = update(job_table).where(job_table.c.id == job.id)
        connection.execute(one.values(input=None, input_ref=mine))
    assert kept(mine, other) == {mine}


def test_tensors_are_needed_by_the_present_attempt_only(engine, stored, kept, clock) -> None:
    job = stored()
    first, second = new_tensors(job.id, 1), new_tensors(job.id, 2)
    assert kept(first) == {first}
    with writing(engine) as connection:
        lifecycle.dispatch(connection, [Due(job.id, 1)], clock.now(), 10)
    assert kept(first, second) == {second}


def test_nothing_is_on_its_way_for_a_job_that_has_ended(stored, kept, finish) -> None:
    job = stored()
    finish(job.id, Outcome(State.CANCELED))
    assert kept(new_tensors(job.id, 1), new_output(job.id, 1)) == set()


def test_an_output_is_needed_before_and_after_it_is_recorded(stored, kept, finish) -> None:
    job = stored()
    mine, of_a_zombie = new_output(job.id, 1), new_output(job.id, 1)
    assert kept(mine, of_a_zombie) == {mine, of_a_zombie}
    finish(job.id, Outcome(State.SUCCEEDED, output_ref=mine))
    assert kept(mine, of_a_zombie) == {mine}


def test_an_output_that_two_rows_share_is_needed_by_the_second(engine, stored, kept, finish):
    first, second = stored(), stored()
    mine = new_output(first.id, 1)
    for job in (first, second):
        finish(job.id, Outcome(State.SUCCEEDED, output_ref=mine))
    with writing(engine) as connection:
        connection.execute(job_table.delete().where(job_table.c.id == first.id))
    assert kept(mine) == {mine}


def test_names_that_no_database_takes_for_ids_are_no_trouble(stored, kept) -> None:
    assert kept(f"tensors/{'-' * 36}.1", f"outputs/{new_job_id()}") == set()
    assert kept() == set()


@pytest.fixture
def plans(engine: Engine):
    """How the database would answer what the block asks."""

    def explain(ask: Callable[[], object]) -> list[str]:
        asked: list[tuple[str, object]] = []
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
        ask()
        word = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET enable_seqscan = off"))  # an empty table is just read
            selects = [one for one in asked if one[0].startswith("SELECT job")]
            answers = [connection.exec_driver_sql(f"{word} {sql}", of) for sql, of in selects]
            return [str(answer.all()) for answer in answers]

    return explain


def test_rows_are_found_by_their_indexes(plans, kept) -> None:
    """However many jobs there are, to ask costs the same."""
    _, inputs, outputs = plans(lambda: kept(new_input(), new_output(new_job_id(), 1)))
    assert "job_input_ref" in inputs
    assert "job_output_ref" in outputs
