"""The outbox: every end of a job writes its delivery, and each due one is claimed once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, RowMapping, event, func, select, update

from shared.clock import FakeClock
from shared.db.engine import reading, writing
from shared.domain.names import DELIVER
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle
from shared.jobs.lifecycle import End
from shared.jobs.new_job import NewJob
from shared.result_cache.results import Answer
from shared.webhooks import claims, endpoints, outbox
from shared.webhooks.claims import SLICE
from shared.webhooks.events import Event
from shared.webhooks.outbox import Claimed
from shared.webhooks.table import delivery_table, endpoint_table
from workers.outbox_watch import OutboxWatch
from workers.rooms import Rooms

URL = "https://hooks.example.com/a"
SUCCESS = Outcome(State.SUCCEEDED, b"1")


@pytest.fixture
def deliveries(engine: Engine) -> Callable[[], list[RowMapping]]:
    def read() -> list[RowMapping]:
        with reading(engine) as connection:
            rows = connection.execute(select(delivery_table).order_by(delivery_table.c.id))
            return list(rows.mappings())

    return read


@pytest.fixture
def finish(engine: Engine, clock: FakeClock) -> Callable[..., lifecycle.Finished]:
    def run(job: NewJob, outcome: Outcome = SUCCESS) -> lifecycle.Finished:
        with writing(engine) as connection:
            return lifecycle.finish(connection, [End(job.id, None, outcome)], clock.now())

    return run


@pytest.mark.parametrize(
    "outcome", [SUCCESS, Outcome.failed("worker_lost", "no"), Outcome(State.CANCELED)]
)
def test_every_end_is_told(stored, finish, deliveries, clock, outcome: Outcome) -> None:
    job = stored(webhook=URL, webhook_events="start,completed")
    assert finish(job, outcome).calls_back
    (row,) = deliveries()
    assert (row["job_id"], row["event"], row["url"]) == (job.id, "completed", URL)
    assert (row["state"], row["due_at"], row["host"]) == (
        "pending",
        clock.now(),
        "hooks.example.com",
    )


def test_an_end_is_told_once(stored, finish, deliveries) -> None:
    job = stored(webhook=URL, webhook_events="completed")
    finish(job)
    assert not finish(job, Outcome(State.CANCELED)).calls_back
    assert len(deliveries()) == 1


@pytest.mark.parametrize("changes", [{}, {"webhook": URL, "webhook_events": "start"}])
def test_who_did_not_ask_is_not_told(stored, finish, deliveries, engine, changes) -> None:
    job, statements = stored(**changes), []
    event.listen(engine, "before_cursor_execute", lambda *parts: statements.append(parts[2]))
    assert not finish(job).calls_back
    assert deliveries() == []
    assert not any("INSERT INTO delivery" in one for one in statements)


def test_who_joined_is_told_with_its_leader(stored, joined, finish, deliveries) -> None:
    leader = stored()
    joiner = joined(leader, webhook=URL, webhook_events="completed")
    assert finish(leader).calls_back
    assert [row["job_id"] for row in deliveries()] == [joiner.id]


def test_a_hit_is_told(submit, new_job, results, deliveries) -> None:
    first, second = new_job(input_hash="x"), new_job(
        input_hash="x", reuses=True, keeps_result=True, webhook=URL, webhook_events="completed"
    )  # fmt: skip
    result: Any = first.snapshot(1024) | {"output": 1, "terminal": True, "status": "succeeded"}
    results.answers["x"] = Answer(first.id, result)
    submit(second)
    assert [row["job_id"] for row in deliveries()] == [second.id]


@pytest.mark.parametrize(("events", "told"), [("start,completed", ["start"]), ("completed", [])])
def test_a_start_is_told_where_it_was_asked_for(
    submit, new_job, deliveries, events: str, told: list[str]
) -> None:
    submit(new_job(webhook=URL, webhook_events=events), new_job())
    assert [row["event"] for row in deliveries()] == told


def test_an_end_that_is_not_stored_is_not_told(stored, engine, clock, deliveries) -> None:
    job = stored(webhook=URL, webhook_events="completed")
    with pytest.raises(RuntimeError), writing(engine) as connection:
        lifecycle.finish(connection, [End(job.id, None, SUCCESS)], clock.now())
        raise RuntimeError
    assert deliveries() == []


@pytest.fixture
def due(engine: Engine, clock: FakeClock) -> Callable[..., list[str]]:
    """Writes deliveries to a host that are due; their ids."""

    def write(host: str, count: int = 1, tenant: str = "default", **changes: Any) -> list[str]:
        url = f"https://{host}/"
        rows = [
            outbox.new_row(tenant, None, Event.COMPLETED, url, clock.now()) | changes
            for _ in range(count)
        ]
        with writing(engine) as connection:
            outbox.write(connection, rows)
        return [row["id"] for row in rows]

    return write


@pytest.fixture
def claim(engine: Engine, clock: FakeClock) -> Callable[..., list[Claimed]]:
    def run(total: int = 100, *held: tuple[str, str]) -> list[Claimed]:
        rooms = Rooms(total, per_host=2)
        rooms.hold(held)
        with writing(engine) as connection:
            return claims.claim(connection, clock.now(), 60, rooms)

    return run


def test_what_is_claimed_is_due_again_when_its_claim_runs_out(due, claim, clock) -> None:
    (written,) = due("a.example")
    assert [(one.id, one.claims) for one in claim()] == [(written, 1)]
    assert claim() == []
    clock.advance(61)
    assert [(one.id, one.claims) for one in claim()] == [(written, 2)]


def test_what_is_not_due_is_not_claimed(due, claim, clock) -> None:
    due("a.example", due_at=clock.now() + timedelta(seconds=1))
    due("a.example", state="failed", finished_at=clock.now())
    assert claim() == []


def test_no_host_takes_the_room_of_another(due, claim) -> None:
    due("flooded.example", SLICE + 10)
    (last,) = due("quiet.example")
    found = claim()
    assert [one.host for one in found] == ["flooded.example"] * 2 + ["quiet.example"]
    assert found[-1].id == last
    busy = ("default", "flooded.example")
    assert claim(100, busy, busy) == []


def test_no_tenant_takes_the_room_of_another(due, claim, engine, clock) -> None:
    """However much it has due, and for however long, at however many hosts."""
    for number in range(2 * SLICE):
        due(f"{number}.example", 1, "flooding")
    (last,) = due("quiet.example", 1, "quiet")
    found = claim(12)
    assert [one.id for one in found if one.tenant == "quiet"] == [last]
    assert len(found) == 9  # the flooding one has twice as many as are free by then


def test_what_is_left_unclaimed_for_want_of_room_is_not_due(due, engine, clock) -> None:
    due("a.example", 3)
    rooms = Rooms(100, per_host=2)
    with writing(engine) as connection:
        assert claims.is_due(connection, clock.now(), rooms)
        claims.claim(connection, clock.now(), 60, rooms)
        assert not claims.is_due(connection, clock.now(), rooms)
        assert claims.longest_due(connection, clock.now()) == clock.now()


def test_no_more_is_claimed_than_there_is_room_for(due, claim) -> None:
    for number in range(5):
        due(f"{number}.example")
    assert len(claim(3)) == 2
    assert len(claim(30)) == 3


def test_a_start_whose_sender_died_is_not_sent_twice(due, claim, clock, deliveries) -> None:
    due("a.example", event="start")
    assert len(claim()) == 1
    clock.advance(61)
    assert claim() == []
    assert [(row["state"], row["error"]) for row in deliveries()] == [("failed", "cut_off")]


@pytest.mark.parametrize("disabled", [True, False])
def test_a_disabled_endpoint_is_not_called(
    due, claim, engine, clock, deliveries, disabled: bool
) -> None:
    due("a.example")
    with writing(engine) as connection:
        endpoints.failed(connection, "default", "https://a.example/", clock.now(), gone=disabled)
        endpoints.failed(connection, "other", "https://a.example/", clock.now(), gone=True)
    assert [one.in_trouble for one in claim()] == ([] if disabled else [True])
    (row,) = deliveries()
    assert row["error"] == ("endpoint_disabled" if disabled else None)
    assert row["state"] == ("failed" if disabled else "pending")


def test_a_released_claim_is_due_at_once(due, claim, engine, clock) -> None:
    due("a.example")
    (one,) = claim()
    with writing(engine) as connection:
        outbox.release(connection, [one], clock.now())
    assert len(claim()) == 1


def test_finished_deliveries_are_forgotten_in_time(due, engine, clock, deliveries) -> None:
    now: datetime = clock.now()
    old, young, pending = due("a.example"), due("a.example"), due("a.example")
    for (one,), finished_at in ((old, now - timedelta(days=31)), (young, now)):
        changes = {"state": "delivered", "finished_at": finished_at}
        with writing(engine) as connection:
            statement = update(delivery_table).where(delivery_table.c.id == one)
            connection.execute(statement.values(**changes))
    with writing(engine) as connection:
        assert outbox.forget(connection, now - timedelta(days=30), 10) == 1
    assert [row["id"] for row in deliveries()] == [*young, *pending]


def test_two_workers_claim_nothing_twice(due, engine, clock) -> None:
    """On PostgreSQL the second passes over what the first has locked; SQLite lets it wait."""
    due("a.example", 4)
    if engine.dialect.name == "sqlite":
        return
    with writing(engine) as one, writing(engine) as other:
        first = claims.claim(one, clock.now(), 60, Rooms(3, per_host=2))
        second = claims.claim(other, clock.now(), 60, Rooms(9, per_host=9))
    assert not {found.id for found in first} & {found.id for found in second}


def test_only_endpoints_in_trouble_have_a_row(engine, clock) -> None:
    with writing(engine) as connection:
        endpoints.failed(connection, "default", URL, clock.now(), gone=False)
        endpoints.recovered(connection, endpoints.endpoint_id("default", URL))
        count = connection.execute(select(func.count()).select_from(endpoint_table)).scalar()
    assert count == 0


def test_the_sweeper_rings_for_what_is_due_whoever_forgot_to(
    engine, stored, finish, clock, settings
) -> None:
    rung: list[Any] = []
    parts = {"engine": engine, "clock": clock, "settings": settings}
    watch = OutboxWatch(SimpleNamespace(backlogs=SimpleNamespace(ring=rung.append), **parts))
    watch.run()
    assert rung == []
    finish(stored(webhook=URL, webhook_events="completed"))
    watch.run()
    assert rung == [[DELIVER]]
