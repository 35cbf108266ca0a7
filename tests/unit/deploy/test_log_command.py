"""`./run log` over a database of its own."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local import __main__ as launcher
from deploy.local.prediction_log import command
from shared.db.engine import create_database_engine, writing
from shared.db.migrate import upgrade
from shared.domain.ids import new_job_id
from shared.prediction_log.table import log_table


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory whose log has one row."""
    monkeypatch.delenv("QUEUECAST_DATABASE_URL", raising=False)
    monkeypatch.delenv("QUEUECAST_REDIS_URL", raising=False)
    monkeypatch.setenv("QUEUECAST_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    upgrade(f"sqlite:///{tmp_path}/data/queuecast.db")
    engine = create_database_engine(f"sqlite:///{tmp_path}/data/queuecast.db")
    at = datetime(2026, 1, 2, tzinfo=UTC)
    with writing(engine) as connection:
        connection.execute(
            log_table.insert().values(
                job_id=new_job_id(),
                tenant="default",
                model="wine",
                version="1",
                digest="d",
                input_hash="i",
                input_bytes=1,
                status="succeeded",
                cache="miss",
                attempt=1,
                total_time=1.0,
                created_at=at,
                completed_at=at,
            )
        )
    engine.dispose()
    return tmp_path


def test_it_exports_and_says_what(home: Path, capsys: Any) -> None:
    to = home / "to"
    assert launcher.main(["log", "export", "--to", str(to), "--until", "2026-01-02"]) == 0
    said = capsys.readouterr()
    assert said.out == f"1 rows in 1 files below {to}\n"
    assert "2026-01-02 of default: 1 rows in 1 files" in said.err
    launcher.main(["log", "export", "--to", str(to), "--until", "2026-01-02"])
    assert "was exported before" in capsys.readouterr().err


def test_to_erase_the_results_in_redis_must_be_reached(home: Path, capsys: Any) -> None:
    assert launcher.main(["log", "erase", "--tenant", "default", "--all"]) == 2
    assert "start it with ./run up" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["export"], ["export", "--to", "x", "--since", "today"], ["erase", "--tenant", "a"],
        ["export", "--to", "x", "--format", "xml"], ["erase", "--tenant", "A/b", "--all"],
        ["erase", "--tenant", "a", "--id", "1"], ["erase", "--tenant", "a", "--before", "x"],
    ],
)  # fmt: skip
def test_wrong_use_is_said_in_a_line(home: Path, capsys: Any, arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        command.log(arguments)
    assert capsys.readouterr().err.count("\n") == 1


def test_a_place_that_is_none_is_refused(home: Path, capsys: Any) -> None:
    assert launcher.main(["log", "export", "--to", "ftp://x/y"]) == 2
    assert "--to should look like s3://bucket/prefix" in capsys.readouterr().err
