import pytest

from deploy.local.__main__ import main
from deploy.local.data_dir import DataDir
from deploy.local.exposure import require_keys
from shared.errors import StartupRefused


@pytest.fixture(autouse=True)
def own_database(monkeypatch):
    monkeypatch.delenv("QUEUECAST_DATABASE_URL", raising=False)


def test_others_are_not_served_before_there_is_a_key(tmp_path, capsys):
    words = ["--data-dir", str(tmp_path / "data")]
    assert main(["up", "--host", "0.0.0.0", "--port", "0", *words]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"make one with ./run keys create --data-dir {tmp_path / 'data'}" in said
    main(["keys", "create", *words])
    require_keys(DataDir(tmp_path / "data"), "0.0.0.0")


def test_keys_cannot_be_off_where_others_are_served(tmp_path, monkeypatch):
    monkeypatch.setenv("QUEUECAST_KEYS_REQUIRED", "False")
    with pytest.raises(StartupRefused, match="QUEUECAST_KEYS_REQUIRED says no"):
        require_keys(DataDir(tmp_path), "0.0.0.0")
