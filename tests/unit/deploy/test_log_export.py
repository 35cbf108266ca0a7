"""The prediction log in files: what is in them, and what is done again."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from sqlalchemy import Engine, delete

from deploy.local.prediction_log import writers
from deploy.local.prediction_log.exporting import Export, Exported
from shared.db.engine import create_database_engine, writing
from shared.db.migrate import upgrade
from shared.domain.ids import new_job_id
from shared.payloads.shelves import FolderShelf
from shared.prediction_log import export
from shared.prediction_log.table import log_table

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=2, hours=1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path}/queuecast.db"
    upgrade(url)
    engine = create_database_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def logged(engine: Engine) -> Callable[..., str]:
    """Writes a row of the log, so many hours after noon; answers its id."""

    def write(hours: float = 0, **changes: Any) -> str:
        at = NOON + timedelta(hours=hours)
        row = {
            "job_id": new_job_id(), "tenant": "default", "model": "wine", "version": "1",
            "digest": "d", "input_hash": "i", "input_bytes": 1, "output": b'{"label":"barolo"}',
            "status": "succeeded", "cache": "miss", "attempt": 1, "total_time": 1.5,
            "created_at": at, "completed_at": at, "label": "barolo", "score": 0.5,
        }  # fmt: skip
        with writing(engine) as connection:
            connection.execute(log_table.insert().values(**(row | changes)))
        return str((row | changes)["job_id"])

    return write


@pytest.fixture
def run(engine: Engine, tmp_path: Path) -> Callable[..., list[Exported]]:
    def export(format: str = "parquet", now: datetime = LATER, **options: Any) -> list[Exported]:
        shelf = FolderShelf(tmp_path / "to")
        return list(Export(engine, shelf, format, now, **options).run())

    return export


@pytest.fixture
def files(tmp_path: Path) -> Callable[[], list[str]]:
    def run() -> list[str]:
        found = (tmp_path / "to").rglob("*")
        return sorted(one.relative_to(tmp_path / "to").as_posix() for one in found if one.is_file())

    return run


def test_days_and_models_are_folders(logged: Any, run: Any, files: Any) -> None:
    logged(), logged(24), logged(24, model="digits"), logged(24, tenant="acme")
    done = run()
    assert [(one.tenant, one.day.day, one.rows, one.files) for one in done] == [
        ("acme", 3, 1, 1), ("acme", 4, 0, 0), ("default", 2, 1, 1), ("default", 3, 2, 2),
        ("default", 4, 0, 0),
    ]  # fmt: skip
    assert [one for one in files() if one.startswith("date")] == [
        "date=2026-01-02/model=wine/default.parquet",
        "date=2026-01-03/model=digits/default.parquet",
        "date=2026-01-03/model=wine/acme.parquet",
        "date=2026-01-03/model=wine/default.parquet",
    ]


def test_all_formats_say_the_same(logged: Any, run: Any, tmp_path: Path) -> None:
    for hour in range(3):
        logged(hour, label=("=1", None, "é\n")[hour])
    for one in ("parquet", "csv", "jsonl"):
        run(one)
    folder = tmp_path / "to" / "date=2026-01-02" / "model=wine"
    table = ds.dataset(folder / "default.parquet").to_table()
    assert table.schema == writers.SCHEMA
    with (folder / "default.csv").open(newline="") as text:
        cells = list(csv.DictReader(text))
    lines = [json.loads(one) for one in (folder / "default.jsonl").read_text().splitlines()]
    assert [one["label"] for one in lines] == table["label"].to_pylist() == ["é\n", None, "=1"]
    assert [one["label"] for one in cells] == ["é\n", "", "'=1"]
    for name in ("id", "output", "completed_at", "score", "attempt"):
        said = [one[name] for one in lines]
        assert [str(one) for one in said] == [one[name] for one in cells]
        if name != "completed_at":
            assert said == table[name].to_pylist()


def test_the_folders_are_columns_for_whoever_reads_them(
    logged: Any, run: Any, tmp_path: Path
) -> None:
    logged(), logged(24, model="digits")
    run()
    columns = [name for name in writers.SCHEMA.names if name != "model"]
    table = ds.dataset(tmp_path / "to", partitioning="hive").to_table(columns=[*columns, "date"])
    assert sorted(table["date"].to_pylist()) == ["2026-01-02", "2026-01-03"]


def test_a_day_that_is_done_is_not_done_again(logged: Any, run: Any) -> None:
    logged()
    run()
    logged(1)
    assert [one.done_before for one in run()] == [True, True, False]
    assert [one.rows for one in run(again=True)] == [2, 0, 0]


def test_a_day_that_goes_on_is_done_again(logged: Any, run: Any) -> None:
    logged()
    assert [one.rows for one in run(now=NOON + timedelta(hours=12, minutes=59))] == [1, 0]
    logged(1)
    assert [one.rows for one in run()] == [2, 0, 0]


def test_who_was_killed_goes_on_where_he_was(logged: Any, engine: Engine, tmp_path: Path) -> None:
    logged(), logged(24)
    shelf = FolderShelf(tmp_path / "to")
    next(Export(engine, shelf, "csv", LATER).run())
    done = list(Export(engine, shelf, "csv", LATER).run())
    assert [(one.done_before, one.rows) for one in done] == [(True, 0), (False, 1), (False, 0)]


def test_what_was_erased_goes_with_the_next_export(
    logged: Any, run: Any, files: Any, engine: Engine
) -> None:
    logged(), logged(model="digits")
    run("csv")
    with writing(engine) as connection:
        connection.execute(delete(log_table).where(log_table.c.model == "wine"))
    run("csv", again=True)
    assert [one for one in files() if "model=" in one] == [
        "date=2026-01-02/model=digits/default.csv"
    ]


def test_one_model_or_tenant_or_span_can_be_had(logged: Any, run: Any, files: Any) -> None:
    logged(), logged(model="digits"), logged(24), logged(tenant="acme")
    run("csv", model="wine", tenant="default", until=date(2026, 1, 2))
    assert [one for one in files() if "model=" in one] == ["date=2026-01-02/model=wine/default.csv"]
    assert [one.day.day for one in run("csv", since=date(2026, 1, 4))] == [4, 4]


def test_pages_and_row_groups_lose_nothing(
    logged: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "GROUP_ROWS", 4)
    monkeypatch.setattr(export.records, "__defaults__", (2,))
    made = [logged(minute / 60) for minute in range(9)]
    run()
    table = ds.dataset(tmp_path / "to/date=2026-01-02/model=wine/default.parquet").to_table()
    assert table["id"].to_pylist() == made[::-1]
