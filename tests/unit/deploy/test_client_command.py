import os
import sys

import pytest

from deploy.local.client_command import queuecast
from deploy.local.data_dir import DataDir


@pytest.fixture
def command(monkeypatch):
    """The `queuecast` command, reduced to what it was given."""
    seen = {}

    def main():
        seen.update(arguments=sys.argv[1:], url=os.environ.get("QUEUECAST_URL"))

    monkeypatch.setattr("queuecast.command_line.main", main)
    monkeypatch.setattr(sys, "argv", ["before"])
    monkeypatch.delenv("QUEUECAST_URL", raising=False)
    yield seen
    os.environ.pop("QUEUECAST_URL", None)


@pytest.fixture
def running(tmp_path, monkeypatch):
    monkeypatch.setenv("QUEUECAST_DATA_DIR", str(tmp_path))
    data_dir = DataDir(tmp_path)
    with data_dir.claimed():
        data_dir.note_running({"api_url": "http://127.0.0.1:4711"})
        yield data_dir


def test_it_speaks_to_the_system_that_runs(command, running):
    assert queuecast(["models", "--json"]) == 0
    assert command == {"arguments": ["models", "--json"], "url": "http://127.0.0.1:4711"}


def test_an_address_that_was_given_is_kept(command, running, monkeypatch):
    monkeypatch.setenv("QUEUECAST_URL", "http://elsewhere")
    queuecast(["jobs"])
    assert command["url"] == "http://elsewhere"


def test_without_a_running_system_the_command_decides(command, tmp_path, monkeypatch):
    monkeypatch.setenv("QUEUECAST_DATA_DIR", str(tmp_path))
    queuecast(["jobs"])
    assert command["url"] is None
