"""Migrations: run by the launcher or a job, under a lock; everybody else only checks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from shared.db.engine import create_database_engine

_LOCK = 5_119_001  # any number, the same in every process


def upgrade(database_url: str) -> None:
    """Brings the database to `revision.HEAD`; of several at once, one works and the others wait."""
    engine = create_database_engine(database_url, answer_seconds=None)
    try:
        with _locked(engine) as connection:
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    # On SQLite the write transaction itself (BEGIN IMMEDIATE) is the lock.
    connecting = engine.connect().execution_options(queuecast_write=True)
    with connecting as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            # An index over millions of rows takes longer than any request may.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        yield connection
