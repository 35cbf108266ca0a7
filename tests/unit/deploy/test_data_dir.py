import json
import subprocess
import sys

import pytest

from deploy.local.data_dir import DataDir
from shared.errors import StartupRefused


@pytest.fixture
def data_dir(tmp_path):
    return DataDir(tmp_path / "data")


def test_a_second_launcher_is_refused_and_told_of_the_first(data_dir):
    with data_dir.claimed():
        data_dir.note_running({"pid": 4711, "api_url": "http://127.0.0.1:8000"})
        with (
            pytest.raises(StartupRefused, match=r"pid 4711, http://127.0.0.1:8000"),
            data_dir.claimed(),
        ):
            pass


def test_it_is_free_again_when_the_launcher_was_killed(data_dir, checkout):
    code = (
        f"import os, sys; sys.path.insert(0, {str(checkout)!r})\n"
        "from pathlib import Path; from deploy.local.data_dir import DataDir\n"
        f"one = DataDir(Path({str(data_dir.path)!r}))\n"
        "with one.claimed(): one.note_running({'pid': 1}); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert data_dir.running() is None
    with data_dir.claimed():
        pass


def test_what_runs_is_known_while_its_launcher_lives(data_dir):
    assert data_dir.running() is None
    with data_dir.claimed():
        data_dir.note_running({"pid": 1})
        assert data_dir.running() == {"pid": 1}
    assert data_dir.running() is None
    assert not (data_dir.path / "run.json").exists()


def test_only_its_owner_may_read_what_runs(data_dir):
    with data_dir.claimed():
        data_dir.note_running({"redis_url": "redis://:secret@127.0.0.1"})
        mode = (data_dir.path / "run.json").stat().st_mode
        assert mode & 0o777 == 0o600
        assert data_dir.path.stat().st_mode & 0o777 == 0o700


def test_preparing_empties_the_metrics_and_keeps_one_older_log(data_dir):
    data_dir.prepare()
    (data_dir.metrics / "counter_1.db").touch()
    data_dir.log("api-1").write_text("yesterday")
    data_dir.prepare()
    assert list(data_dir.metrics.iterdir()) == []
    assert not data_dir.log("api-1").exists()
    assert data_dir.log("api-1").with_suffix(".log.1").read_text() == "yesterday"


def test_the_named_folder_is_taken_before_the_environment_and_the_checkout(
    tmp_path, monkeypatch, checkout
):
    monkeypatch.delenv("QUEUECAST_DATA_DIR", raising=False)
    assert DataDir.chosen(None).path == checkout / "data"
    monkeypatch.setenv("QUEUECAST_DATA_DIR", str(tmp_path / "one"))
    assert DataDir.chosen(None).path == tmp_path / "one"
    monkeypatch.chdir(tmp_path)
    assert DataDir.chosen("two").path == tmp_path / "two"


def test_a_damaged_note_counts_as_nothing_running(data_dir):
    with data_dir.claimed():
        data_dir.note_running({})
        (data_dir.path / "run.json").write_text(json.dumps([1])[:2])
        assert data_dir.running() is None
