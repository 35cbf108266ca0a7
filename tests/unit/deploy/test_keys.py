import json

import pytest

from deploy.local.__main__ import main
from deploy.local.data_dir import DataDir


@pytest.fixture
def keys(tmp_path, monkeypatch, capsys):
    """Runs a `./run keys` command over one data directory; answers what it said."""
    monkeypatch.delenv("QUEUECAST_DATABASE_URL", raising=False)

    def run(*words):
        try:
            code = main(["keys", *words, "--data-dir", str(tmp_path / "data")])
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err

    return run


def listed(keys):
    return json.loads(keys("list", "--json")[1][0])


def test_a_key_is_shown_once_and_alone_on_standard_output(keys):
    code, [key], note = keys("create", "--tenant", "acme", "--name", "laptop")
    assert code == 0
    assert key.startswith("queuecast_")
    assert key not in note
    [shown] = listed(keys)
    assert (shown["id"], shown["tenant"], shown["name"]) == (key[10:18], "acme", "laptop")
    assert (shown["scopes"], shown["state"]) == ("predict read", "usable")
    assert key[-49:] not in json.dumps(keys("list"))


def test_a_list_is_empty_or_has_a_line_for_each_key(keys):
    assert "./run keys create" in keys("list")[2]
    keys("create", "--days", "30", "--scopes", "admin")
    keys("create", "--tenant", "other")
    assert len(keys("list")[1]) == 3
    [head, line] = keys("list", "--tenant", "default")[1]
    assert head.split()[:4] == ["id", "name", "tenant", "scopes"]
    assert "admin" in line


def test_a_rotated_key_has_a_successor_and_ends_later(keys):
    old = keys("create", "--tenant", "acme", "--days", "9")[1][0][10:18]
    new = keys("rotate", old, "--hours", "0")[1][0][10:18]
    states = {one["id"]: (one["state"], one["tenant"]) for one in listed(keys)}
    assert states == {old: ("expired", "acme"), new: ("usable", "acme")}
    assert keys("rotate", old)[0] == 2


def test_a_key_is_revoked_once(keys):
    key_id = keys("create")[1][0][10:18]
    assert keys("revoke", key_id)[0] == 0
    assert [one["state"] for one in listed(keys)] == ["revoked"]
    code, _, said = keys("revoke", key_id)
    assert code == 2
    assert said == f"run: there is no key {key_id} to revoke; ./run keys list\n"


def test_limits_of_a_tenant_are_shown_as_they_are_set(keys):
    keys("limit", "acme", "--jobs-in-flight", "100", "--bytes-per-day", "0")
    said = keys("limit", "acme", "--requests-per-second", "50", "--bytes-per-day", "default")[1]
    assert [line.split(maxsplit=1)[1] for line in said] == ["50", "100", "as the settings say"]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("forget",),
        ("create", "--tenant", "../etc"),
        ("create", "--scopes", "everything"),
        ("create", "--days", "0"),
        ("create", "--name", "a\nb"),
        ("rotate", "nobody00"),
        ("limit", "acme", "--jobs-in-flight", "-1"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(keys, words):
    code, out, said = keys(*words)
    assert (code, out, said.count("\n")) == (2, [], 1)


def test_another_database_must_be_at_this_release(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("QUEUECAST_DATABASE_URL", f"sqlite:///{tmp_path}/theirs.db")
    assert main(["keys", "list", "--data-dir", str(tmp_path)]) == 2
    assert "./run migrate" in capsys.readouterr().err
    assert not (tmp_path / DataDir(tmp_path).database_url.rpartition("/")[2]).exists()
