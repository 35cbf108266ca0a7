"""No statement on the prediction log looks through it, and a list is read in its index's order."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, insert, text

from shared.db.engine import create_database_engine, writing
from shared.db.migrate import upgrade
from shared.domain.ids import new_job_id
from shared.jobs import retention
from shared.prediction_log import accuracy, distribution, feedback, listing, statistics
from shared.prediction_log.accuracy import Span
from shared.prediction_log.feedback import Truth
from shared.prediction_log.listing import Wanted
from shared.prediction_log.table import feedback_table, log_table
from shared.prediction_log.tenants import tenants_of_log

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ROWS = 3000
JOB = new_job_id()
RARE = Span("default", "rare")
RELEASE = Span("default", "rare", "1", NOON, NOON + timedelta(minutes=1))
BY_TENANT = "newest_first by_model by_version"

LISTS: dict[str, tuple[dict[str, Any], str]] = {
    "all": ({}, "newest_first"),
    "model": ({"model": "rare"}, "by_model"),
    "version": ({"model": "rare", "version": "9"}, "by_version"),
    "failed": ({"status": "failed"}, "unsuccessful"),
    "label": ({"model": "rare", "equal": {"label": "x"}}, "by_model"),
    "cache": ({"equal": {"cache": "hit"}}, "newest_first"),
    "hash": ({"equal": {"input_hash": "h"}}, "newest_first"),
}
CASES: dict[str, tuple[Callable[[Connection], object], str]] = {
    "read": (lambda c: listing.read(c, "default", JOB), "id"),
    "give": (lambda c: feedback.give(c, "default", [Truth(JOB, label="x")], NOON), "id feedback"),
    "accuracy": (lambda c: accuracy.accuracy(c, RARE), "feedback_by_model"),
    "accuracy of a version": (lambda c: accuracy.accuracy(c, RELEASE), "feedback_by_version"),
    "recent": (lambda c: accuracy.recent_accuracy(c, NOON, timedelta(1)), "feedback_newest_first"),
    "distribution": (lambda c: distribution.distribution(c, RARE), "by_model"),
    "of a version": (lambda c: distribution.distribution(c, RELEASE), "by_version"),
    "statistics": (lambda c: statistics.statistics(c, "default", "rare", "9"), "by_version"),
    "tenants": (lambda c: list(tenants_of_log(c)), BY_TENANT),
    "retention": (lambda c: retention.remove_logged(c, NOON, 50), BY_TENANT),
}


def rows() -> Iterator[dict[str, Any]]:
    for number in range(ROWS):
        at = NOON + timedelta(seconds=number - ROWS // 2)
        yield {
            "job_id": new_job_id(), "tenant": "default", "version": "1" if number % 200 else "2",
            "model": "rare" if number % 100 in (0, 7) else "wine", "digest": "d" * 64,
            "input_hash": "i" * 64, "input_bytes": 1, "cache": "miss", "attempt": 1,
            "status": "failed" if number % 100 == 1 else "succeeded", "total_time": 1.0,
            "created_at": at, "completed_at": at, "label": "a",
        }  # fmt: skip


def said(row: dict[str, Any]) -> dict[str, Any]:
    copied = ("job_id", "tenant", "model", "version", "completed_at", "label")
    return {name: row[name] for name in copied} | {"given_at": NOON, "changes": 0}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('plans')}/queuecast.db"
        upgrade(url)
    else:
        url = request.getfixturevalue("postgresql_copy")()
    engine, made = create_database_engine(url), list(rows())
    with writing(engine) as connection:
        connection.execute(insert(log_table), made)
        connection.execute(insert(feedback_table), [said(row) for row in made])
    if request.param == "postgresql":  # SQLite plans without statistics, as it does in use
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE prediction_log, feedback"))
    yield engine
    engine.dispose()


@pytest.fixture
def plan(filled: Engine) -> Callable[..., str]:
    def explain(call: Callable[[Connection], object]) -> str:
        made: list[tuple[str, Any]] = []

        def note(_c: Any, _u: Any, statement: str, values: Any, _x: Any, many: bool) -> None:
            made.append((statement, values[0] if many else values))

        with filled.connect() as connection, connection.begin() as transaction:
            event.listen(connection, "before_cursor_execute", note)
            call(connection)
            event.remove(connection, "before_cursor_execute", note)
            lines = [line for one in made for line in _steps(connection, *one)]
            transaction.rollback()
        return "\n".join(lines)

    return explain


def _steps(connection: Connection, statement: str, values: Any) -> Iterator[str]:
    if not statement.startswith(("SELECT", "UPDATE", "DELETE")):
        return
    word = "EXPLAIN QUERY PLAN"
    if connection.dialect.name == "postgresql":
        word = "EXPLAIN (COSTS OFF)"
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # of few rows all may be read
        connection.execute(text("SET LOCAL enable_sort = off"))
    for row in connection.exec_driver_sql(f"{word} {statement}", values):
        yield str(row[-1])


def indexes(plan: str) -> set[str]:
    found = re.findall(r"prediction_log_([a-z_]+)|(feedback_[a-z_]+)", plan)
    return {one or other for one, other in found} - {"pkey", "feedback_pkey", "id"}


def whole_table(plan: str) -> list[str]:
    scans = re.compile(r"Seq Scan|^SCAN (prediction_log|feedback|prediction_sample)(?! USING)")
    return [line for line in plan.splitlines() if scans.search(line)]


@pytest.mark.parametrize(("call", "used"), CASES.values(), ids=CASES.keys())
def test_no_statement_reads_the_whole_log(plan: Any, call: Any, used: str) -> None:
    found = plan(call)
    assert found
    assert whole_table(found) == []
    assert indexes(found) <= set(used.split())


@pytest.mark.parametrize("before", [None, (NOON, JOB)], ids=["first", "further on"])
@pytest.mark.parametrize(("filters", "index"), LISTS.values(), ids=LISTS.keys())
def test_a_page_is_read_from_its_index_in_order(
    plan: Any, filters: dict[str, Any], index: str, before: Any
) -> None:
    """What is sorted at all is what a bounded part of the index has yielded in its order."""
    found = plan(lambda c: listing.page(c, Wanted("default", **filters), 21, before))
    assert whole_table(found) == []
    assert indexes(found) == {index}
    assert "equal" in filters or "TEMP B-TREE" not in found
    assert re.search(r"Index Cond: .*tenant|\(tenant=\?", found)
