"""What `./run locust` hands to Locust."""

import os
from pathlib import Path
from typing import Any

import pytest

from deploy.local import locust_command
from shared.errors import StartupRefused


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The command lines of what the command becomes."""
    found: list[list[str]] = []
    monkeypatch.setenv("QUEUECAST_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(locust_command, "python_of", lambda *_: Path("python"))
    monkeypatch.setattr(os, "execv", lambda _path, command: found.append(command))
    for name in ("FAILURES_MAX", "SECONDS", "SHAPE", "USERS"):
        monkeypatch.setenv(f"SWARM_{name}", "")  # so that it is as before, afterwards
    return found


def test_it_runs_without_a_page_and_reports(started: Any, tmp_path: Path) -> None:
    locust_command.locust(["PollingUser", "--host", "http://h", "--failures-max", "0.5"])
    [command] = started
    assert command[-1] == "PollingUser"
    for pair in (("--host", "http://h"), ("--users", "20"), ("--run-time", "30s")):
        assert command[command.index(pair[0]) + 1] == pair[1]
    assert "--headless" in command
    assert (tmp_path / "swarm-report").is_dir()
    assert os.environ["SWARM_FAILURES_MAX"] == "0.005"


def test_a_shape_says_how_many_users_there_are(started: Any) -> None:
    locust_command.locust(["--host", "http://h", "--shape", "spike", "--users", "50"])
    assert "--users" not in started[0]
    assert (os.environ["SWARM_SHAPE"], os.environ["SWARM_USERS"]) == ("spike", "50")


def test_its_page_is_for_this_machine_alone(started: Any) -> None:
    locust_command.locust(["--host", "http://h", "--ui"])
    assert started[0][-2:] == ["--web-host", "127.0.0.1"]
    assert "--headless" not in started[0]


def test_without_a_service_there_is_nothing_to_do(started: Any) -> None:
    with pytest.raises(StartupRefused, match="nothing runs here"):
        locust_command.locust([])


@pytest.mark.parametrize("options", [["--users", "0"], ["--failures-max", "x"], ["--shape", "odd"]])
def test_wrong_use_is_said_in_a_line(started: Any, options: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit):
        locust_command.locust(["--host", "http://h", *options])
    assert capsys.readouterr().err.count("\n") == 1
