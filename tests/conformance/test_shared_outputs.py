"""Of a large output there is one blob, however many jobs it answers."""

import pytest
from sqlalchemy import Engine

from shared.db.engine import reading, writing
from shared.domain import prediction
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store, views
from shared.jobs.group_commit import GroupCommit, Submit
from shared.jobs.lifecycle import End
from shared.payloads.references import new_output
from shared.result_cache.results import Answer

ECHO = 1024


@pytest.fixture
def row(engine: Engine):
    def read(job_id: str):
        with reading(engine) as connection:
            return store.read_many(connection, [job_id])[0]

    return read


@pytest.fixture
def finish(engine: Engine, clock):
    """Ends a job with a large output; answers the reference."""

    def run(job) -> str:
        outcome = Outcome(State.SUCCEEDED, output_ref=new_output(job.id, 1))
        with writing(engine) as connection:
            lifecycle.finish(connection, [End(job.id, 1, outcome)], clock.now())
        return outcome.output_ref

    return run


@pytest.mark.parametrize("redis_knows", [True, False])
def test_a_hit_refers_to_the_same_blob(
    engine, clock, settings, stored, finish, row, new_job, redis_knows
) -> None:
    first, second = stored(), new_job(reuses=True, keeps_result=True)
    reference = finish(first)
    shown = views.from_row(row(first.id), ECHO) if redis_knows else None
    commit = GroupCommit(engine, clock, settings)
    answer = commit([Submit(second, None)], {second.id: Answer(first.id, shown)})[second.id]
    assert (row(second.id)["output"], row(second.id)["output_ref"]) == (None, reference)
    assert row(second.id)["cache"] == "hit"
    stored_view = views.from_row(row(second.id), ECHO)
    assert prediction.encode(answer.prediction) == prediction.encode(stored_view)


def test_a_joiner_refers_to_the_blob_of_its_leader(stored, joined, finish, row) -> None:
    leader = stored()
    joiner = joined(leader)
    reference = finish(leader)
    assert (row(joiner.id)["status"], row(joiner.id)["output_ref"]) == ("succeeded", reference)
