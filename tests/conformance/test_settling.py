"""What becomes of a delivery after an attempt, and of the endpoint that it went to."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, RowMapping, select

from shared.clock import FakeClock
from shared.db.engine import reading, writing
from shared.errors import InvalidState, NotFound
from shared.webhooks import claims, endpoints, outbox, settling
from shared.webhooks.deliveries import Deliveries
from shared.webhooks.events import Event
from shared.webhooks.outbox import Claimed
from shared.webhooks.schedule import PAUSES_SECONDS
from shared.webhooks.settling import Attempt
from shared.webhooks.table import delivery_table, endpoint_table
from workers.rooms import Rooms

URL = "https://hooks.example.com/a"


@pytest.fixture
def claimed(engine: Engine, clock: FakeClock) -> Callable[..., Claimed]:
    """Claims the delivery that is due; the first time it is written."""

    def run(kind: Event = Event.COMPLETED) -> Claimed:
        with writing(engine) as connection:
            if claims.longest_due(connection, clock.now()) is None:
                row = outbox.new_row("default", None, kind, URL, clock.now())
                outbox.write(connection, [row])
            (one,) = claims.claim(connection, clock.now(), 60, Rooms(1, 1))
            return one

    return run


@pytest.fixture
def settle(engine: Engine, clock: FakeClock) -> Callable[..., str]:
    def run(one: Claimed, status: int | None, **more: Any) -> str:
        with writing(engine) as connection:
            attempt = Attempt(clock.now(), 0.1, status, **more)
            return settling.settle(connection, one, attempt, clock.now())

    return run


@pytest.fixture
def delivery(engine: Engine) -> Callable[[Claimed], RowMapping]:
    def read(one: Claimed) -> RowMapping:
        its = select(delivery_table).where(delivery_table.c.id == one.id)
        with reading(engine) as connection:
            return connection.execute(its).mappings().one()

    return read


@pytest.fixture
def endpoint(engine: Engine) -> Callable[[], RowMapping | None]:
    def read() -> RowMapping | None:
        with reading(engine) as connection:
            return connection.execute(select(endpoint_table)).mappings().first()

    return read


@pytest.fixture
def seen(engine: Engine, clock: FakeClock) -> Deliveries:
    class Quiet:
        def ring(self, _: object) -> None:
            return None

    backlogs: Any = Quiet()
    return Deliveries(engine, backlogs, clock)


@pytest.mark.parametrize("status", [200, 299])
def test_any_2xx_delivers(claimed, settle, delivery, endpoint, clock, status: int) -> None:
    one = claimed()
    assert settle(one, status) == "delivered"
    assert (delivery(one)["state"], delivery(one)["finished_at"]) == ("delivered", clock.now())
    assert endpoint() is None


@pytest.mark.parametrize("status", [301, 404, None])
def test_anything_else_is_tried_again(claimed, settle, delivery, clock, status) -> None:
    one = claimed()
    assert settle(one, status, error=None if status else "timeout") == "pending"
    wait = (delivery(one)["due_at"] - clock.now()).total_seconds()
    assert 4 <= wait <= 6
    assert delivery(one)["failures"] == 1


def test_after_the_last_try_it_has_failed(claimed, settle, delivery, clock) -> None:
    for _ in PAUSES_SECONDS:
        one = claimed()
        assert settle(one, 500) == "pending"
        clock.advance((delivery(one)["due_at"] - clock.now()).total_seconds())
    assert settle(claimed(), 500) == "failed"
    assert delivery(one)["failures"] == 10


@pytest.mark.parametrize(("status", "waits"), [(429, True), (503, True), (500, False)])
def test_a_busy_receiver_says_how_long(claimed, settle, delivery, clock, status, waits) -> None:
    one = claimed()
    settle(one, status, retry_after_seconds=120.0)
    wait = (delivery(one)["due_at"] - clock.now()).total_seconds()
    assert wait == 120 if waits else wait < 7


@pytest.mark.parametrize("kind", [Event.START, Event.TEST])
def test_what_is_best_effort_is_tried_once(claimed, settle, kind: Event) -> None:
    assert settle(claimed(kind), 500) == "failed"


def test_a_forbidden_address_is_final(claimed, settle) -> None:
    assert settle(claimed(), None, error="address_forbidden") == "failed"


def test_410_disables_the_endpoint(claimed, settle, endpoint, clock) -> None:
    assert settle(claimed(), 410) == "failed"
    assert (endpoint()["reason"], endpoint()["disabled_at"]) == ("gone", clock.now())


def test_five_days_of_failure_disable_it(claimed, settle, endpoint, clock) -> None:
    settle(claimed(), 500)
    since = clock.now()
    clock.advance(5 * 86400 - 1)
    settle(claimed(), 500)
    assert endpoint()["disabled_at"] is None
    clock.advance(7 * 86400)
    settle(claimed(), 500)
    assert (endpoint()["reason"], endpoint()["failing_since"]) == ("failing", since)
    assert endpoint()["disabled_at"] == clock.now()


def test_a_success_between_starts_the_count_anew(claimed, settle, endpoint, clock) -> None:
    settle(claimed(), 500)
    clock.advance(6)
    settle(claimed(), 200)
    assert endpoint() is None
    clock.advance(6 * 86400)
    settle(claimed(), 500)
    assert endpoint()["failing_since"] == clock.now()


def test_a_claim_that_has_run_out_changes_nothing(claimed, settle, delivery, clock) -> None:
    stale = claimed()
    clock.advance(61)
    fresh = claimed()
    assert (fresh.id, fresh.claims) == (stale.id, 2)
    settle(fresh, 200)
    settle(stale, 500)
    assert delivery(fresh)["state"] == "delivered"


def test_a_replay_begins_anew_under_the_same_id(claimed, settle, seen, clock) -> None:
    one = claimed()
    settle(one, 410)
    assert seen.enable("default", endpoints.endpoint_id("default", URL))["reason"] == "gone"
    told = seen.replay("default", one.id)
    assert (told.row["state"], told.row["failures"]) == ("pending", 0)
    again = claimed()
    assert (again.id, again.claims) == (one.id, 2)
    settle(again, 200)
    shown = seen.get("default", one.id)
    assert [(row["number"], row["status"]) for row in shown.attempts] == [(1, 410), (2, 200)]


def test_what_is_under_way_cannot_be_replayed(claimed, seen) -> None:
    with pytest.raises(InvalidState):
        seen.replay("default", claimed().id)


def test_nothing_of_another_tenant_is_seen_or_touched(claimed, settle, seen) -> None:
    one = claimed()
    settle(one, 410)
    for call in (seen.get, seen.replay):
        with pytest.raises(NotFound):
            call("other", one.id)
    with pytest.raises(NotFound):
        seen.enable("other", one.endpoint)
    assert seen.endpoints("other", 10) == []
    assert len(seen.endpoints("default", 10)) == 1
