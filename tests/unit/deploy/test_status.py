import json
import os
import time

import pytest

from deploy.local.data_dir import DataDir
from deploy.local.status import is_alive, status, without_password


@pytest.fixture
def data_dir(tmp_path):
    return DataDir(tmp_path / "data")


@pytest.fixture
def running(data_dir):
    processes = [
        {"name": "api-1", "role": "api", "pid": os.getpid(), "started_at": time.time() - 5},
        {"name": "record", "role": "record", "pid": None, "started_at": None},
    ]
    state = {
        "state": "ready",
        "pid": os.getpid(),
        "api_url": "http://127.0.0.1:8000",
        "redis_url": "redis://:secret@127.0.0.1:7000/0",
        "database_url": "sqlite:////data/queuecast.db",
        "data_dir": str(data_dir.path),
        "processes": [{**one, "restarts": 2} for one in processes],
    }
    with data_dir.claimed():
        data_dir.note_running(state)
        yield data_dir


def test_nothing_running_is_exit_code_1(data_dir, capsys):
    assert status(data_dir, as_json=False) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"run: nothing is running over {data_dir.path}\n"
    assert status(data_dir, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["running"] is False


def test_every_process_is_told_with_role_and_pid(running, capsys):
    assert status(running, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["redis_url"] == "redis://:secret@127.0.0.1:7000/0"
    api, record = told["processes"]
    assert (api["role"], api["pid"], api["alive"]) == ("api", os.getpid(), True)
    assert api["uptime_seconds"] >= 5
    assert (record["alive"], record["uptime_seconds"]) == (False, None)


def test_a_person_sees_no_password(running, capsys):
    assert status(running, as_json=False) == 0
    said = capsys.readouterr().out
    assert "redis://:***@127.0.0.1:7000/0" in said
    assert "secret" not in said
    assert "api-1" in said


def test_a_url_without_password_stays_as_it_is():
    assert without_password("sqlite:////a/b.db") == "sqlite:////a/b.db"
    assert (
        without_password("postgresql+psycopg://me:pw@h:1/d") == "postgresql+psycopg://me:***@h:1/d"
    )


def test_a_pid_that_nobody_has_is_not_alive():
    assert is_alive(os.getpid())
    assert not is_alive(None)
    assert not is_alive(2**22 + 1)
