import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

import shared.db
from shared.access.table import ApiKey, TenantLimits
from shared.db import migrate, revision
from shared.db.engine import create_database_engine, writing
from shared.errors import StartupRefused
from shared.files.table import StoredFile
from shared.jobs.metadata import JobMetadata
from shared.jobs.retention import Retention
from shared.jobs.table import Job
from shared.prediction_log.table import Feedback, PredictionLog, PredictionSample

DECLARED = (
    ApiKey, Feedback, Job, JobMetadata, PredictionLog, PredictionSample, Retention, StoredFile,
    TenantLimits,
)  # fmt: skip


def test_the_migrated_schema_is_the_declared_one(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_head_is_the_newest_migration() -> None:
    folder = Path(shared.db.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == revision.HEAD


def test_a_migration_may_take_longer_than_a_request(engine: Engine) -> None:
    with migrate._locked(engine) as connection:
        if engine.dialect.name == "postgresql":
            assert connection.execute(text("SHOW statement_timeout")).scalar() == "0"


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Engine]:
    engine = create_database_engine(empty_database_url)
    yield engine
    engine.dispose()


def test_several_at_once_migrate_one_database(empty: Engine, empty_database_url: str) -> None:
    command = [sys.executable, "-m", "deploy.local", "migrate"]
    environment = os.environ | {"QUEUECAST_DATABASE_URL": empty_database_url}
    running = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    revision.require_current(empty)


def test_a_new_file_that_another_one_writes_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "queuecast.db"
    first = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    first.execute("BEGIN IMMEDIATE")
    end = threading.Timer(0.2, first.execute, ["COMMIT"])
    end.start()
    migrate.upgrade(f"sqlite:///{file}")
    end.join()
    first.close()


def test_a_database_that_was_never_migrated_is_refused(empty: Engine) -> None:
    with pytest.raises(StartupRefused, match="migrate"):
        revision.require_current(empty)


def test_a_database_of_another_release_is_refused(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StartupRefused, match="revision 9999"):
        revision.require_current(engine)


def test_a_terminal_row_needs_its_time_of_completion(engine: Engine, stored) -> None:
    stored()
    with pytest.raises(DBAPIError), writing(engine) as connection:
        connection.execute(text("UPDATE job SET status = 'failed'"))
