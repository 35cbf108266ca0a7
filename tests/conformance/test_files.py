import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.errors import NotFound, Unavailable
from shared.files import store
from shared.files.files import File, Files
from shared.payloads.directory import DirectoryBlobs
from shared.payloads.references import new_input, of_file

DAY = timedelta(days=1)


@pytest.fixture
def blobs(settings) -> DirectoryBlobs:
    return DirectoryBlobs(settings.blobs_dir)


@pytest.fixture
def files(engine: Engine, blobs, clock, settings) -> Files:
    return Files(engine, blobs, clock, settings)


@pytest.fixture
def keep(files: Files) -> Callable[..., File]:
    def run(tenant: str = "default", content: bytes = b"data", **changes: Any) -> File:
        told = {"name": "a.png", "content_type": "image/png", "metadata": {"a": 1}} | changes
        return files.keep(tenant, BytesIO(content), **told)

    return run


def test_what_was_kept_comes_back(files: Files, keep, clock) -> None:
    file = keep(name="ünï.png")
    assert files.get("default", file.id) == file
    assert files.content(file) == b"data"
    assert (file.size, file.name, file.metadata) == (4, "ünï.png", {"a": 1})
    assert file.sha256.startswith("3a6eb0790f39ac87")
    assert file.expires_at == clock.now() + DAY


def test_a_file_of_another_tenant_is_none(files: Files, keep, blobs) -> None:
    file = keep("alice")
    for ask in (files.get, files.remove):
        with pytest.raises(NotFound):
            ask("bob", file.id)
    assert files.find("bob", [file.id]) == {}
    assert files.page("bob", 10) == []
    assert files.content(files.get("alice", file.id)) == b"data"


def test_an_expired_file_is_none(files: Files, keep, clock) -> None:
    file = keep()
    clock.advance(DAY.total_seconds())
    for ask in (files.get, files.remove):
        with pytest.raises(NotFound):
            ask("default", file.id)
    assert (files.find("default", [file.id]), files.page("default", 10)) == ({}, [])


def test_a_removed_file_leaves_nothing(files: Files, keep, blobs) -> None:
    file = keep()
    files.remove("default", file.id)
    assert not blobs.holds(of_file(file.id))
    with pytest.raises(NotFound):
        files.content(file)
    with pytest.raises(NotFound):
        files.remove("default", file.id)


def test_pages_go_from_the_newest_to_the_oldest(files: Files, keep, clock) -> None:
    kept = []
    for _ in range(5):
        kept.append(keep().id)
        clock.advance(1)
    first = files.page("default", 3)
    rest = files.page("default", 3, (first[-1].created_at, first[-1].id))
    assert [file.id for file in (*first, *rest)] == kept[::-1]


def test_a_store_that_takes_nothing_leaves_no_row(settings, engine, clock, files: Files) -> None:
    settings.blobs_dir.mkdir(parents=True)
    (settings.blobs_dir / "files").write_text("no folder")
    with pytest.raises(Unavailable):
        files.keep("default", BytesIO(b"data"), "a", "b/c", {})
    assert files.page("default", 10) == []


def test_the_content_of_a_file_is_kept_as_long_as_its_row(engine: Engine, keep, clock) -> None:
    mine, other = of_file(keep().id), of_file(new_job_id())
    clock.advance(9 * DAY.total_seconds())
    with reading(engine) as connection:
        assert store.kept(connection, [mine, other, new_input()]) == {mine}
        assert store.kept(connection, []) == set()


def test_only_what_has_expired_is_removed_as_such(engine: Engine, files: Files, keep, clock):
    old = keep()
    clock.advance(DAY.total_seconds())
    young = keep()
    with writing(engine) as connection:
        assert store.expired(connection, clock.now(), 10) == [old.id]
        store.remove_expired(connection, [old.id, young.id], clock.now())
        assert store.expired(connection, clock.now() + 2 * DAY, 10) == [young.id]


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ID = new_job_id()
STATEMENTS: dict[str, Callable[[Any], object]] = {
    "read": lambda c: store.read(c, "default", [ID], NOON),
    "page": lambda c: store.page(c, "default", NOON, 10, (NOON, ID)),
    "remove": lambda c: store.remove(c, "default", ID, NOON),
    "expired": lambda c: store.expired(c, NOON, 10),
    "remove_expired": lambda c: store.remove_expired(c, [ID], NOON),
    "kept": lambda c: store.kept(c, [of_file(ID)]),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_uses_an_index(engine: Engine, name: str) -> None:
    made: list[tuple[str, Any]] = []
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: made.append(given[2:4]))
        STATEMENTS[name](connection)
        statement, values = made[-1]
        if not sqlite:  # an empty table is read whole
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        word = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plan = str(connection.exec_driver_sql(f"{word} {statement}", values).all())
    assert "INDEX" in plan.upper()
    assert not re.search(r"Seq Scan|SCAN file|TEMP B-TREE|Sort Key", plan), plan
