"""No statement on webhooks looks through a whole table, however many deliveries are kept."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from shared.clock import FakeClock
from shared.db.engine import writing
from shared.domain.ids import new_job_id
from shared.webhooks import deliveries, endpoints, outbox, settling
from shared.webhooks.deliveries import Deliveries
from shared.webhooks.events import Event
from shared.webhooks.outbox import Claimed
from shared.webhooks.settling import Attempt

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
URL = "https://hooks.example.com/"
JOB = new_job_id()
ONE = Claimed(new_job_id(), "default", JOB, Event.COMPLETED, URL, "h", "e" * 32, 1, 0, NOON, True)


def attempt(status: int) -> Attempt:
    return Attempt(NOON, 0.1, status)


def claim(connection: Connection) -> object:
    later = NOON + timedelta(days=1)
    return outbox.claim(connection, later, later, limit=9, take=lambda _: True, full=["busy"])


CASES: dict[str, Callable[[Connection], object]] = {
    "is_due": lambda c: outbox.is_due(c, NOON),
    "is_due elsewhere": lambda c: outbox.is_due(c, NOON, ["busy.example.com"]),
    "claim": claim,
    "release": lambda c: outbox.release(c, [ONE], NOON),
    "forget": lambda c: outbox.forget(c, NOON, 500),
    "settle": lambda c: settling.settle(c, ONE, attempt(200), NOON),
    "settle failed": lambda c: settling.settle(c, ONE, attempt(500), NOON),
    "skip": lambda c: settling.skip(c, ONE, "superseded", NOON),
    "endpoints": lambda c: endpoints.page(c, "default", 21, "a"),
    "enable": lambda c: endpoints.enable(c, "default", "a" * 32),
    "get": lambda c: deliveries._read(c, "default", c.info["some id"]),
}


@pytest.fixture
def filled(engine: Engine) -> Engine:
    rows = [
        outbox.new_row("default", new_job_id(), Event.COMPLETED, URL, NOON)
        | ({"state": "delivered", "finished_at": NOON} if number % 100 else {})
        for number in range(2000)
    ]
    for row in rows[1:]:
        row.setdefault("finished_at", None)
    rows[0]["finished_at"] = None
    with writing(engine) as connection:
        outbox.write(connection, rows)
        connection.execute(text("ANALYZE" if engine.dialect.name == "postgresql" else "SELECT 1"))
        engine.pool_id = rows[1]["id"]  # type: ignore[attr-defined]
    return engine


def plan(engine: Engine, call: Callable[[Connection], object]) -> list[str]:
    """Every step of every statement that a call makes."""
    made: list[tuple[str, Any]] = []

    def note(_c: Any, _u: Any, statement: str, values: Any, _x: Any, many: bool) -> None:
        made.append((statement, values[0] if many else values))

    with engine.connect() as connection, connection.begin() as transaction:
        connection.info["some id"] = engine.pool_id  # type: ignore[attr-defined]
        event.listen(connection, "before_cursor_execute", note)
        call(connection)
        event.remove(connection, "before_cursor_execute", note)
        word = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN (COSTS OFF)"
        if engine.dialect.name == "postgresql":  # of few rows all may be read as well; of many not
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        steps = [
            str(row[-1])
            for statement, values in made
            if not statement.startswith("INSERT")
            for row in connection.exec_driver_sql(f"{word} {statement}", values)
        ]
        transaction.rollback()
    return steps


@pytest.mark.parametrize("call", CASES.values(), ids=CASES.keys())
def test_no_statement_reads_a_whole_table(filled: Engine, call: Any) -> None:
    steps = plan(filled, call)
    assert steps
    whole = re.compile(r"Seq Scan|^SCAN \w+(?! USING (COVERING )?INDEX delivery_(due|finished))")
    assert [step for step in steps if whole.search(step)] == []


def test_the_deliveries_of_a_job_have_an_index(filled: Engine, clock: FakeClock) -> None:
    quiet: Any = SimpleNamespace()
    seen = Deliveries(filled, quiet, clock)
    made: list[str] = []
    event.listen(filled, "before_cursor_execute", lambda *parts: made.append(parts[2:4]))
    seen.of_job("default", JOB)
    seen.endpoints("default", 10)
    word = "EXPLAIN QUERY PLAN" if filled.dialect.name == "sqlite" else "EXPLAIN (COSTS OFF)"
    with filled.connect() as connection:
        if filled.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        queries = [one for one in made if one[0].startswith("SELECT d")]
        steps = [
            str(row[-1])
            for query in queries
            for row in connection.exec_driver_sql(f"{word} {query[0]}", query[1])
        ]
    assert any("delivery_of_job" in step or "sqlite_autoindex_delivery_2" in step for step in steps)
