import pytest

from deploy.local.data_dir import DataDir
from deploy.local.migrate import migrate
from shared.db.engine import create_database_engine
from shared.db.revision import require_current
from shared.errors import StartupRefused


def test_the_database_of_the_data_directory_is_migrated(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("QUEUECAST_DATABASE_URL", raising=False)
    data_dir = DataDir(tmp_path / "data")
    assert migrate(data_dir) == 0
    engine = create_database_engine(data_dir.database_url)
    require_current(engine)
    engine.dispose()
    assert "is at this release's revision" in capsys.readouterr().out


def test_a_database_that_cannot_be_had_is_one_line_without_its_password(tmp_path, monkeypatch):
    monkeypatch.setenv("QUEUECAST_DATABASE_URL", "postgresql+psycopg://me:secret@127.0.0.1:1/d")
    with pytest.raises(StartupRefused) as refused:
        migrate(DataDir(tmp_path))
    assert "\n" not in refused.value.detail
    assert "secret" not in refused.value.detail
