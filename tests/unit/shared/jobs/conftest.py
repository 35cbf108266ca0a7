import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.db.engine import create_database_engine, writing
from shared.db.migrate import upgrade
from shared.jobs import store
from shared.jobs.new_job import NewJob
from shared.settings import Settings


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database that tests copy."""
    path = tmp_path_factory.mktemp("migrated") / "queuecast.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def engine(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copy(migrated_file, tmp_path / "queuecast.db")
    engine = create_database_engine(f"sqlite:///{tmp_path}/queuecast.db")
    yield engine
    engine.dispose()


@pytest.fixture
def stored(
    engine: Engine, new_job: Callable[..., NewJob], settings: Settings
) -> Callable[..., NewJob]:
    """Makes a job and inserts its row."""

    def make(**changes: Any) -> NewJob:
        job = new_job(**changes)
        with writing(engine) as connection:
            store.insert(connection, [job.row(settings, None)])
        return job

    return make
