"""What is taken away of jobs that have ended, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from shared.db.engine import reading, writing
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, retention
from shared.jobs.lifecycle import End
from shared.jobs.retention import Payload
from shared.webhooks.table import delivery_table

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
OUTPUT = Outcome(State.SUCCEEDED, output=b'"barolo"')


@pytest.fixture
def ended(engine: Engine, stored):
    """Makes a job that ended so many minutes after noon."""

    def make(minutes: int = 0, outcome: Outcome = OUTPUT, **changes) -> str:
        job_id = stored(**changes).id
        with writing(engine) as connection:
            at = NOON + timedelta(minutes=minutes)
            lifecycle.finish(connection, [End(job_id, 1, outcome)], at)
        return job_id

    return make


@pytest.fixture
def clear(engine: Engine):
    """Clears one slice, and answers whose."""

    def run(payload: Payload, before: datetime = LATER, limit: int = 9) -> list[str]:
        with writing(engine) as connection:
            found = retention.uncleared(connection, payload, before, limit)
            if found:
                retention.clear(connection, payload, found)
        return [job_id for _, job_id in found]

    return run


@pytest.fixture
def remove(engine: Engine):
    def run(before: datetime = LATER, limit: int = 9) -> list[str]:
        with writing(engine) as connection:
            found = retention.outdated(connection, before, limit)
            retention.remove(connection, found)
        return [job_id for _, job_id in found]

    return run


def test_inputs_and_outputs_are_cleared_apart(ended, clear, row) -> None:
    job_id = ended()
    assert clear(Payload.INPUT) == [job_id]
    assert (row(job_id)["input"], row(job_id)["output"]) == (None, b'"barolo"')
    assert clear(Payload.OUTPUT) == [job_id]
    assert (row(job_id)["output"], row(job_id)["status"]) == (None, "succeeded")


def test_a_reference_is_cleared_too(ended, clear, row) -> None:
    job_id = ended(outcome=Outcome(State.SUCCEEDED, output_ref="outputs/x"))
    clear(Payload.OUTPUT)
    assert row(job_id)["output_ref"] is None


def test_it_goes_on_where_it_stopped(ended, clear) -> None:
    first, second, third = (ended(minutes) for minutes in (1, 1, 2))
    assert clear(Payload.INPUT, limit=2) == sorted([first, second])
    assert clear(Payload.INPUT, limit=2) == [third]
    assert clear(Payload.INPUT, limit=2) == []


def test_what_has_not_ended_long_ago_is_kept(ended, stored, clear, remove, row) -> None:
    waiting, young = stored().id, ended(10)
    before = NOON + timedelta(minutes=10)
    assert clear(Payload.INPUT, before) == remove(before) == []
    assert row(waiting)["input"] is not None
    assert row(young)["input"] is not None


def test_a_job_leaves_and_its_log_row_stays(ended, remove, row, log_rows) -> None:
    old, young = ended(1, metadata=b'{"a":1}'), ended(5)
    assert remove(NOON + timedelta(minutes=5)) == [old]
    assert row(old) is None
    assert row(young) is not None
    assert log_rows().keys() == {old, young}


def test_deliveries_go_with_their_job(engine, ended, remove) -> None:
    ended(1, webhook="https://a.example/", webhook_events="completed")
    young = ended(9, webhook="https://a.example/", webhook_events="completed")
    remove(NOON + timedelta(minutes=5))
    with reading(engine) as connection:
        left = connection.execute(select(delivery_table.c.job_id)).scalars().all()
    assert left == [young]


def test_an_idempotency_key_is_free_again_with_its_job(ended, remove, row) -> None:
    first = ended(idempotency_key="k")
    assert row(ended(idempotency_key="k")) is None  # it is taken
    assert remove() == [first]
    assert row(ended(idempotency_key="k"))["idempotency_key"] == "k"


def test_the_log_is_kept_by_its_own_measure(engine, ended, log_rows, row) -> None:
    old = [ended(n, tenant=tenant) for tenant in ("acme", "default") for n in (1, 2, 3)]
    young = ended(9)
    with writing(engine) as connection:
        assert retention.remove_logged(connection, NOON + timedelta(minutes=9), 2) == 4
    assert log_rows().keys() == {old[2], old[5], young}
    assert all(row(job_id) for job_id in old)


def test_nothing_is_removed_from_an_empty_log(engine) -> None:
    with writing(engine) as connection:
        assert retention.remove_logged(connection, LATER, 9) == 0
    with reading(engine) as connection:
        assert retention.outdated(connection, LATER, 9) == []
