"""Dead letters in both databases: found by index, retried once, removed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from shared.clock import FakeClock
from shared.db.engine import reading, writing
from shared.domain.failures import Failure
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.errors import Expired, NotFound
from shared.jobs import dead_letters, lifecycle, retention, store
from shared.jobs.dead_letter_office import DeadLetterOffice
from shared.jobs.dead_letters import Wanted
from shared.jobs.lifecycle import End
from shared.jobs.retention import Payload
from shared.jobs.table import job_table
from shared.settings import Settings
from shared.webhooks.table import delivery_table

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ALL = Wanted("default")


@pytest.fixture
def office(engine: Engine, clock: FakeClock, settings: Settings) -> DeadLetterOffice:
    return DeadLetterOffice(engine, clock, settings, None)


@pytest.fixture
def bury(engine: Engine, new_job: Any, settings: Settings) -> Callable[..., str]:
    """Makes a job that failed so, and gives its id."""

    def make(
        code: Failure = Failure.WORKER_LOST, after: float = 0, joined: str = "", **about: Any
    ) -> str:
        job = new_job(id=new_job_id(), **about)
        end = End(job.id, None, Outcome.failed(code, "it broke"))
        with writing(engine) as connection:
            row = job.row(settings, None, joined or None)
            store.insert(connection, [row])
            lifecycle.finish(connection, [end], NOON + timedelta(seconds=after))
        return str(job.id)

    return make


def row_of(engine: Engine, job_id: str) -> Any:
    with reading(engine) as connection:
        return store.read_many(connection, [job_id])[0]


def test_letters_are_listed_newest_first_page_by_page(office: Any, bury: Any) -> None:
    ids = [bury(after=second) for second in range(5)]
    bury(Failure.INVALID_INPUT)
    bury(tenant="other")
    seen, edge = [], None
    for _ in range(3):
        found = office.page(ALL, 2, edge)
        seen, edge = [*seen, *(row["id"] for row in found.rows)], found.edge
    assert seen == ids[::-1]
    assert edge is None


def test_letters_are_chosen_by_model_code_time_and_retry(office: Any, bury: Any) -> None:
    bury(model="digits", after=9)
    lost = bury(Failure.INPUT_LOST)
    for wanted in (
        Wanted("default", model="wine"),
        Wanted("default", code="input_lost"),
        Wanted("default", until=NOON),
        Wanted("default", model="wine", retried=False),
    ):
        assert [row["id"] for row in office.page(wanted, 9).rows] == [lost], wanted
    again = office.retry("default", lost)["id"]
    [row] = office.page(Wanted("default", retried=True), 9).rows
    assert (row["id"], row["retried_as"]) == (lost, again)


def test_a_page_that_filters_leave_empty_says_where_the_next_goes_on(
    office: Any, bury: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "LOOKED_AT", 2)
    sought = bury(model="digits")
    for second in range(1, 4):
        bury(after=second)
    first = office.page(Wanted("default", model="digits"), 9)
    assert first.rows == []
    second = office.page(Wanted("default", model="digits"), 9, first.edge)
    assert [row["id"] for row in second.rows] == [sought]


def test_a_retry_is_a_new_job_with_what_the_old_one_had(
    office: Any, bury: Any, engine: Engine
) -> None:
    about = {"deadline_at": NOON + timedelta(minutes=5), "metadata": b'{"lot":7}'}
    letter = bury(**about, webhook="https://hooks.example.com/", webhook_events="start,completed")
    made = office.retry("default", letter)
    assert (made["retry_of"], made["status"], made["metadata"]) == (letter, "starting", {"lot": 7})
    old, new = row_of(engine, letter), row_of(engine, made["id"])
    assert [new[name] for name in ("input", "version", "webhook", "crashes")] == [
        *(old[name] for name in ("input", "version", "webhook")), 0,
    ]  # fmt: skip
    assert new["deadline_at"] - new["created_at"] == timedelta(minutes=5)
    with reading(engine) as connection:
        told = connection.execute(select(delivery_table.c.job_id, delivery_table.c.event)).all()
    assert (made["id"], "start") in [tuple(one) for one in told]


def test_a_retry_is_due_for_the_sweeper_at_once_as_its_first_attempt(
    office: Any, bury: Any, engine: Engine
) -> None:
    made = office.retry("default", bury())
    with writing(engine) as connection:
        [due] = store.due(connection, NOON, None, 9)
        assert lifecycle.dispatch(connection, [due], NOON, 10) == [made["id"]]
    assert row_of(engine, made["id"])["attempt"] == 1


def test_asking_twice_makes_one_job(office: Any, bury: Any, engine: Engine) -> None:
    letter = bury()
    first = office.retry("default", letter)
    assert office.retry("default", letter)["id"] == first["id"]
    assert office.retry_all(ALL) == (0, False)
    with reading(engine) as connection:
        assert len(connection.execute(select(job_table.c.id)).all()) == 2


def test_the_database_itself_refuses_a_second_retry(bury: Any, engine: Engine) -> None:
    letter = row_of(engine, bury())
    rows = [dead_letters._row(letter, NOON) | {"joined_to": None} for _ in range(2)]
    with writing(engine) as connection:
        assert len(store.insert(connection, rows)) == 1


def test_a_letter_without_an_input_cannot_be_retried(
    office: Any, bury: Any, engine: Engine
) -> None:
    letter = bury()
    with writing(engine) as connection:
        retention.clear(connection, Payload.INPUT, [(NOON, letter)])
    with pytest.raises(Expired):
        office.retry("default", letter)
    assert office.retry_all(ALL) == (0, False)


def test_many_are_retried_and_whoever_joined_joins_again(
    office: Any, bury: Any, engine: Engine
) -> None:
    leader = bury()
    joiners = [bury(joined=leader, after=second) for second in (1, 2)]
    assert office.retry_all(ALL) == (3, False)
    rows = {row["id"]: row["retried_as"] for row in office.page(ALL, 9).rows}
    again = [row_of(engine, rows[one]) for one in (leader, *joiners)]
    assert [one["joined_to"] for one in again] == [None, rows[leader], rows[leader]]


def test_many_are_done_so_many_at_a_time(office: Any, bury: Any) -> None:
    for second in range(5):
        bury(after=second)
    assert office.retry_all(ALL, 3) == (3, True)
    assert office.retry_all(ALL, 3) == (2, False)
    assert office.purge_all(Wanted("default", retried=True), 9) == (5, False)


def test_a_purged_letter_is_gone_with_its_job(office: Any, bury: Any, engine: Engine) -> None:
    letter, other = bury(), bury(after=1)
    office.purge("default", letter)
    with reading(engine) as connection:
        assert store.read_many(connection, [letter]) == []
    assert [row["id"] for row in office.page(ALL, 9).rows] == [other]
    with pytest.raises(NotFound):
        office.purge("default", letter)


def test_nobody_touches_letters_of_others_or_what_is_none(office: Any, bury: Any) -> None:
    ill, others = bury(Failure.INVALID_INPUT), bury(tenant="other")
    for act in (office.get, office.retry, office.purge):
        for one in (ill, others):
            with pytest.raises(NotFound):
                act("default", one)
    assert office.purge_all(ALL) == (0, False)
