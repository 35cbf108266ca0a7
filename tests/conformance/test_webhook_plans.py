"""No statement on webhooks looks through a whole table, however many deliveries are kept."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from shared.clock import FakeClock
from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.domain.ids import new_job_id
from shared.errors import NotFound
from shared.webhooks import claims, endpoints, outbox, settling
from shared.webhooks.deliveries import Deliveries
from shared.webhooks.events import Event
from shared.webhooks.outbox import Claimed
from shared.webhooks.settling import Attempt
from workers.rooms import Rooms

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
URL = "https://hooks.example.com/"
JOB = new_job_id()
ONE = Claimed(new_job_id(), "default", JOB, Event.COMPLETED, URL, "h", "e" * 32, 1, 0, NOON, True)
BUSY = Rooms(9, per_host=1)
BUSY.hold([("default", "busy.example.com")])


def attempt(status: int) -> Attempt:
    return Attempt(NOON, 0.1, status)


CASES: dict[str, Callable[[Connection], object]] = {
    "longest_due": lambda c: claims.longest_due(c, NOON),
    "is_due": lambda c: claims.is_due(c, NOON, BUSY),
    "claim": lambda c: claims.claim(c, LATER, 60, BUSY),
    "release": lambda c: outbox.release(c, [ONE], NOON),
    "forget": lambda c: outbox.forget(c, LATER, 500),
    "forget_jobs": lambda c: outbox.forget_jobs(c, [new_job_id()]),
    "settle": lambda c: settling.settle(c, ONE, attempt(200), NOON),
    "settle failed": lambda c: settling.settle(c, ONE, attempt(500), NOON),
    "skip": lambda c: settling.skip(c, ONE, "superseded", NOON),
    "endpoints": lambda c: endpoints.page(c, "default", 21, "a"),
    "enable": lambda c: endpoints.enable(c, "default", "a" * 32),
    "of_job": lambda c: seen(c).of_job("default", JOB),
    "get": lambda c: seen(c).get("default", ONE.id),
}


def seen(connection: Connection) -> Deliveries:
    nobody: Any = SimpleNamespace()
    return Deliveries(connection.engine, nobody, FakeClock(NOON))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """With deliveries of which one in a hundred is pending."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('plans')}/queuecast.db"
        upgrade(url)
    else:
        url = request.getfixturevalue("postgresql_copy")()
    engine = create_database_engine(url)
    done = {"state": "delivered", "finished_at": NOON}
    pending = {"state": "pending", "finished_at": None}
    rows = [
        outbox.new_row("default", new_job_id(), Event.COMPLETED, URL, NOON)
        | (done if number % 100 else pending)
        for number in range(2000)
    ]
    with writing(engine) as connection:
        outbox.write(connection, rows)
        if request.param == "postgresql":  # SQLite plans without statistics, as it does in use
            connection.execute(text("ANALYZE"))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("call", CASES.values(), ids=CASES.keys())
def test_no_statement_reads_a_whole_table(filled: Engine, call: Any) -> None:
    made: list[tuple[str, Any]] = []

    def note(_c: Any, _u: Any, statement: str, values: Any, _x: Any, many: bool) -> None:
        made.append((statement, values[0] if many else values))

    event.listen(filled, "before_cursor_execute", note)
    with filled.connect() as connection, connection.begin() as transaction, suppress(NotFound):
        call(connection)
        transaction.rollback()
    event.remove(filled, "before_cursor_execute", note)
    index = r"USING (COVERING )?INDEX delivery_(due|finished)"
    whole = re.compile(rf"Seq Scan|^SCAN (?!waiting)\w+(?! {index})")
    steps = plans(filled, made)
    assert steps
    assert [step for step in steps if whole.search(step)] == []


def plans(engine: Engine, made: list[tuple[str, Any]]) -> list[str]:
    """Every step of the plans of these statements."""
    is_sqlite = engine.dialect.name == "sqlite"
    word = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN (COSTS OFF)"
    with reading(engine) as connection:
        if not is_sqlite:  # of few rows all may be read as well; of many not
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        return [
            str(row[-1])
            for statement, values in made
            if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
            for row in connection.exec_driver_sql(f"{word} {statement}", values)
        ]
