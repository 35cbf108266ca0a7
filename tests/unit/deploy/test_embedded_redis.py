import os
from pathlib import Path

import pytest
from redis import Redis

from deploy.local import embedded_redis as module
from deploy.local.children import Child
from deploy.local.embedded_redis import embedded_redis


@pytest.fixture
def running(tmp_path, eventually):
    """Starts a server that answers; it is killed at the end."""
    children = []

    def start(server):
        children.append(Child(server.program))
        eventually(server.answers)
        return Redis.from_url(server.url, decode_responses=True)

    yield start
    for child in children:
        child.kill()


def test_it_answers_on_a_socket_that_only_its_owner_reaches(tmp_path, running):
    with embedded_redis(tmp_path / "log", os.environ, None) as server:
        assert not server.answers()
        with running(server) as client:
            assert client.ping()
        socket = Path(server.address)
        assert len(server.address) < 100
        assert socket.stat().st_mode & 0o777 == 0o700
        assert socket.parent.stat().st_mode & 0o777 == 0o700
    assert not socket.parent.exists()


def test_it_never_evicts_and_keeps_nothing_unless_told(tmp_path, running):
    with (
        embedded_redis(tmp_path / "log", os.environ, None) as server,
        running(server) as client,
    ):
        settings = client.config_get("*")
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["appendonly"] == "no"
    assert settings["save"] == ""
    assert settings["protected-mode"] == "yes"
    assert settings["port"] == "0"


def test_with_a_folder_its_data_outlives_a_kill(tmp_path, running):
    keep = tmp_path / 'with "quotes" and space'
    keep.mkdir()
    with (
        embedded_redis(tmp_path / "log", os.environ, keep) as server,
        running(server) as client,
    ):
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
        client.set("name", "value")
        client.execute_command("WAITAOF", 1, 0, 5000)
    with (
        embedded_redis(tmp_path / "log", os.environ, keep) as server,
        running(server) as client,
    ):
        assert client.get("name") == "value"


def test_where_no_path_is_short_enough_it_takes_a_port_and_a_password(
    tmp_path, running, monkeypatch
):
    monkeypatch.setattr(module, "LONGEST_SOCKET_PATH", 5)
    with embedded_redis(tmp_path / "log", os.environ, None) as server:
        with running(server) as client:
            assert client.ping()
        assert server.url.startswith("redis://:")
        assert server.password not in " ".join(server.program.command)
        assert len(server.password) >= 32


def test_a_deep_temporary_folder_is_left_for_a_shorter_one(tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with embedded_redis(tmp_path / "log", os.environ, None) as server:
        assert server.url.startswith("unix:///tmp/")
        assert list(deep.iterdir()) == []
