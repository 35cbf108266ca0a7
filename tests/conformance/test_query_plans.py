"""No statement looks through the whole table, and each list is read from an index in its order."""

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from shared.db.engine import create_database_engine, writing
from shared.db.migrate import upgrade
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import dead_letters, joiners, lifecycle, listing, retention, store
from shared.jobs.dead_letters import Wanted
from shared.jobs.lifecycle import End
from shared.jobs.listing import Page
from shared.jobs.metadata import pair
from shared.jobs.new_job import NewJob
from shared.jobs.retention import Payload
from shared.jobs.store import Due
from shared.settings import Settings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ROWS = 3000
JOB = new_job_id()
MANY = [new_job_id() for _ in range(256)]
ENDS = [End(JOB, 1, Outcome(State.SUCCEEDED, output=b"1"))]
PLACES: dict[str, Any] = {"": {}, "older": {"before": (NOON, JOB)}, "newer": {"after": (NOON, JOB)}}


def rows() -> Iterator[dict[str, Any]]:
    """Every tenth is unfinished, a few of these have joined another; of every hundred one failed,
    and one is of a rare model."""
    settings = Settings(redis_url="unix:///nowhere", data_dir="/nowhere")
    for number in range(ROWS):
        ended = number % 10 != 0
        job = NewJob(
            id=new_job_id(), tenant="default", model="rare" if number % 100 == 7 else "wine",
            version="1", digest="d" * 64, input=b"{}", input_hash="i" * 64, body_hash="b" * 64,
            created_at=NOON + timedelta(seconds=number - ROWS // 2),
        )  # fmt: skip
        state = State.FAILED if number % 100 == 1 else State.SUCCEEDED
        yield job.row(settings, None, JOB if number % 500 == 0 else None) | {
            "status": state.value if ended else State.QUEUED.value,
            "completed_at": job.created_at if ended else None,
        }


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """SQLite plans without statistics, as it does in use; PostgreSQL with them."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('plans')}/queuecast.db"
        upgrade(url)
    else:
        url = request.getfixturevalue("postgresql_copy")()
    engine = create_database_engine(url)
    with writing(engine) as connection:
        store.insert(connection, list(rows()))
    if request.param == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE job"))
    yield engine
    engine.dispose()


@pytest.fixture
def plan(filled: Engine) -> Callable[..., str]:
    """The plans of all statements that a call makes, a line for each of their steps."""

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
    if not statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
        return
    word = "EXPLAIN (COSTS OFF)"
    if connection.dialect.name == "sqlite":
        word = "EXPLAIN QUERY PLAN"
    else:  # of few rows all may be read as well; of many not
        connection.execute(text("SET LOCAL enable_seqscan = off"))
    for row in connection.exec_driver_sql(f"{word} {statement}", values):
        yield str(row[-1])


def _uncleared_further_on(connection: Connection) -> None:
    retention.clear(connection, Payload.INPUT, [(NOON, JOB)])
    retention.uncleared(connection, Payload.INPUT, NOON, 100)


CASES: dict[str, tuple[Callable[[Connection], object], str]] = {
    "read": (lambda c: store.read(c, "default", JOB), "id"),
    "read_many": (lambda c: store.read_many(c, [JOB, new_job_id()]), "id"),
    "find_taken": (lambda c: store.find_taken(c, "default", JOB, "key"), "id key"),
    "find_taken by id": (lambda c: store.find_taken(c, "default", JOB, None), "id"),
    "page": (lambda c: listing.page(c, Page("default", 21)), "job_newest_first"),
    "due": (lambda c: store.due(c, NOON, None, 500), "job_unfinished"),
    "due further on": (lambda c: store.due(c, NOON, JOB, 500), "id job_unfinished"),
    "count_due": (lambda c: store.count_due(c, NOON), "job_unfinished"),
    "count_unfinished": (lambda c: store.count_unfinished(c, "default", 99), "job_unfinished"),
    "overdue": (lambda c: store.overdue(c, NOON, 500), "job_deadline"),
    "oldest_unfinished": (store.oldest_unfinished, "job_unfinished"),
    "finish": (lambda c: lifecycle.finish(c, ENDS, NOON), "id"),
    "dispatch": (lambda c: lifecycle.dispatch(c, [Due(JOB, 1)], NOON, 10), "id"),
    "crash": (lambda c: lifecycle.crash(c, [Due(JOB, 1)], NOON, 3), "id"),
    "release": (lambda c: lifecycle.release(c, [Due(JOB, 1)], NOON), "id"),
    "read_leaders": (lambda c: joiners.read_leaders(c, [JOB, new_job_id()], NOON), "id"),
    "follow": (lambda c: lifecycle.follow(c, [JOB], NOON), "id job_joined job_unfinished"),
    "waiting_for": (lambda c: joiners.waiting_for(c, [JOB], 500), "job_joined"),
    "waiting_for many": (lambda c: joiners.waiting_for(c, MANY, 500), "job_joined"),
    "end": (lambda c: joiners.end(c, [JOB, *MANY]), "id job_joined"),
    "lead": (lambda c: joiners.lead(c, [JOB, *MANY], NOON), "id job_unfinished"),
    "left_behind": (lambda c: joiners.left_behind(c, 500), "job_joined id"),
}
CASES |= {
    "uncleared": (lambda c: retention.uncleared(c, Payload.INPUT, NOON, 100), "job_ended"),
    "uncleared further on": (_uncleared_further_on, "id job_ended"),
    "clear": (lambda c: retention.clear(c, Payload.OUTPUT, [(NOON, JOB)]), "id"),
    "outdated": (lambda c: retention.outdated(c, NOON, 100), "job_ended"),
    "remove": (lambda c: retention.remove(c, [(NOON, JOB), (NOON, MANY[0])]), "id metadata pairs"),
}
LETTERS = "job_dead_letters job_retries"
CASES |= {
    "page of letters": (lambda c: dead_letters.page(c, Wanted("default"), 20), LETTERS),
    "page of letters further on": (
        lambda c: dead_letters.page(c, Wanted("default", "wine", retried=False), 9, (NOON, JOB)),
        LETTERS,
    ),
    "read a letter": (lambda c: dead_letters.read(c, "default", JOB), f"id {LETTERS}"),
    "tenants": (dead_letters.tenants, "job_dead_letters"),
    "retry": (lambda c: dead_letters.retry(c, [JOB, MANY[0]], NOON), "id job_retries"),
}
NO_PLAN = {"hit", "insert", "remove_logged"}  # of the log: test_log_plans.py

LISTS = {
    "all": ({}, "job_newest_first"),
    "failed": ({"status": ("failed",)}, "job_unsuccessful"),
    "canceled": ({"status": ("canceled",)}, "job_unsuccessful"),
    "unfinished": ({"status": ("queued",)}, "job_unfinished"),
    "model": ({"model": "rare"}, "job_by_model"),
    "version": ({"model": "wine", "version": "9"}, "job_by_version"),
    "model nobody asked for": ({"model": "none"}, "job_by_model"),
}

PRIMARY_KEY = {"job_pkey", "sqlite_autoindex_job_1", "job_id"}
IDEMPOTENCY_KEY = {"job_idempotency_key", "sqlite_autoindex_job_2"}
METADATA = {"job_metadata_pkey", "job_metadata"}
NAMES = {
    "id": PRIMARY_KEY,
    "key": IDEMPOTENCY_KEY,
    "metadata": METADATA,
    "pairs": {"job_metadata_of_job"},
}


SOME = (pair("lot", "7"),)
MIXED = {
    "succeeded": ({"status": ("succeeded",)}, "job_newest_first id"),
    "failed of a model": ({"status": ("failed",), "model": "rare"}, "job_unsuccessful id"),
    "unfinished of a model": ({"status": ("queued",), "model": "rare"}, "job_unfinished id"),
    "succeeded of a model": ({"status": ("succeeded",), "model": "rare"}, "job_by_model id"),
    "failed of a version": (
        {"status": ("failed",), "model": "wine", "version": "9"}, "job_by_version id"
    ),
    "metadata": ({"pairs": SOME}, "metadata id"),
    "two values": ({"pairs": (*SOME, pair("lot", "8"))}, "metadata pairs id"),
    "metadata of a model": ({"pairs": SOME, "model": "wine"}, "metadata id"),
}  # fmt: skip


def indexes(plan: str) -> set[str]:
    return set(re.findall(r"\b(job_[a-z_]+|sqlite_autoindex_job_\d)\b", plan)) - {"job_1", "job_id"}


def whole_table(plan: str) -> list[str]:
    """The steps that read every row; all unfinished ones are not all."""
    scans = re.compile(r"Seq Scan|^SCAN job(?! USING (COVERING )?INDEX job_unfinished)")
    return [line for line in plan.splitlines() if scans.search(line)]


@pytest.mark.parametrize(("call", "used"), CASES.values(), ids=CASES.keys())
def test_no_statement_reads_the_whole_table(plan: Any, call: Any, used: str) -> None:
    found = plan(call)
    assert whole_table(found) == []
    wanted = set[str]().union(*(NAMES.get(name, {name}) for name in used.split()))
    assert found != ""
    assert indexes(found) <= wanted
    assert indexes(found)


@pytest.mark.parametrize("name", ["count_due", "oldest_unfinished"])
def test_what_asks_all_unfinished_jobs_asks_the_index_alone(
    plan: Any, filled: Engine, name: str
) -> None:
    """Of SQLite's plans this cannot be told: it looks at the status, which the index implies."""
    if filled.dialect.name == "postgresql":
        assert "Index Only Scan using job_unfinished" in plan(CASES[name][0])


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize(("filters", "used"), MIXED.values(), ids=MIXED.keys())
def test_several_filters_look_at_a_bounded_part_of_an_index(
    plan: Any, filters: dict[str, Any], used: str, place: dict[str, Any]
) -> None:
    """What is sorted is what the index has yielded in its order, `LOOKED_AT` rows at most."""
    found = plan(lambda c: listing.page(c, Page("default", 21, **filters, **place)))
    wanted = set[str]().union(*(NAMES.get(name, {name}) for name in used.split()))
    assert whole_table(found) == []
    assert indexes(found) == wanted & indexes(found) != set()


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize(("filters", "index"), LISTS.values(), ids=LISTS.keys())
def test_a_page_is_read_from_its_index_in_order(
    plan: Any, filters: dict[str, Any], index: str, place: dict[str, Any]
) -> None:
    found = plan(lambda c: listing.page(c, Page("default", 21, **filters, **place)))
    assert whole_table(found) == []
    assert indexes(found) == {index}
    assert "Sort" not in found
    assert "TEMP B-TREE" not in found
    assert re.search(r"Index Cond: .*tenant|\(tenant=\?", found)


def test_every_statement_of_these_modules_is_looked_at() -> None:
    statements = {
        name
        for module in (store, lifecycle, listing, joiners, retention, dead_letters)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and "connection" in inspect.signature(function).parameters
    }
    assert statements - NO_PLAN == {name.partition(" ")[0] for name in CASES}
