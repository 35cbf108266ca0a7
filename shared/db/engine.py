"""The engine: a synced commit means the same on both databases."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from shared.db.impatient import ANSWER_SECONDS, wait_no_longer_than
from shared.errors import BusyError, StartupRefused, StorageFull, Unavailable
from shared.settings import Settings

BUSY_SECONDS = 5

_DISK_FULL = "53100"  # PostgreSQL's code

STATEMENT_SECONDS = 5
"""What a statement may take: every one is read from an index, among a million rows too."""

# A server whose machine is gone says nothing: without these a commit would wait for two hours.
_NOTICE_SILENCE = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}


def connect(settings: Settings) -> Engine:
    """An engine for the settings' database; opens nothing yet."""
    url = settings.database_url.get_secret_value()
    if not url:
        raise StartupRefused("QUEUECAST_DATABASE_URL is not set")
    return create_database_engine(url)


def create_database_engine(url: str, *, answer_seconds: float | None = ANSWER_SECONDS) -> Engine:
    """`answer_seconds` bounds every wait for PostgreSQL, should the server itself stand still.

    None, for migrations: as long as it takes.
    """
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        url,
        hide_parameters=True,  # errors are logged, inputs and outputs are not
        pool_pre_ping=True,
        paramstyle="format",  # values by their places, as SQLite takes them: see `prepared`
        connect_args={
            **_NOTICE_SILENCE,
            "connect_timeout": BUSY_SECONDS,
            "options": f"-c statement_timeout={STATEMENT_SECONDS * 1000} "
            "-c synchronous_commit=on -c timezone=UTC",
        },
    )
    if answer_seconds is not None:
        wait_no_longer_than(engine, answer_seconds)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes; SQLite takes its write lock at once, so it never deadlocks.

    Raises Unavailable or StorageFull where waiting may help, SQLAlchemy's errors elsewhere.
    """
    try:
        connecting = engine.connect().execution_options(queuecast_write=True)
        with connecting as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise busy(error) or error from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads; errors as in `writing`."""
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise busy(error) or error from error


def busy(error: DBAPIError) -> BusyError | None:
    """The error that the caller may be told to wait for, None when it is the statement's fault."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary == sqlite3.SQLITE_FULL or getattr(error.orig, "sqlstate", None) == _DISK_FULL:
        return StorageFull("the database's disk is full", retry_after_seconds=30)
    if primary == sqlite3.SQLITE_ERROR:  # SQLite's word for a wrong statement
        return None
    # InternalError is psycopg's word for a server that takes no writes, as after a failover.
    if isinstance(error, OperationalError | InterfaceError | InternalError):
        return Unavailable("the database cannot be reached now", retry_after_seconds=2)
    return None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we write BEGIN ourselves
    cursor = connection.cursor()
    _log_ahead(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _log_ahead(cursor: sqlite3.Cursor) -> None:
    """Of those who open a new file at once SQLite lets none wait here, lest all wait for ever."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("queuecast_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
