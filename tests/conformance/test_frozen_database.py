"""A PostgreSQL that was stopped, and not killed: it keeps its connections and says nothing."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from shared.db.engine import BUSY_SECONDS, create_database_engine, reading, writing
from shared.errors import Unavailable

ANSWER_SECONDS = 0.5


@pytest.fixture
def impatient(postgresql_copy: Callable[[], str]) -> Iterator[Engine]:
    engine = create_database_engine(postgresql_copy(), answer_seconds=ANSWER_SECONDS)
    yield engine
    engine.dispose()


@pytest.fixture
def freeze() -> Iterator[Callable[[int], None]]:
    frozen: list[int] = []

    def stop(pid: int) -> None:
        frozen.append(pid)
        os.kill(pid, signal.SIGSTOP)

    yield stop
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)


def own_pid(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_statement_that_is_not_answered_fails_in_time(impatient: Engine, freeze) -> None:
    begun = time.monotonic()
    with pytest.raises(Unavailable), writing(impatient) as connection:
        freeze(int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()))
        connection.execute(text("SELECT 1"))
    assert time.monotonic() - begun < 10 * ANSWER_SECONDS


def test_a_connection_that_fell_silent_is_not_used_again(impatient: Engine, freeze) -> None:
    first = own_pid(impatient)
    assert own_pid(impatient) == first
    freeze(first)
    assert own_pid(impatient) != first


@pytest.mark.long
def test_a_server_that_stands_still_is_given_up_in_time(
    impatient: Engine, postgresql: str, freeze
) -> None:
    """Nobody takes a new connection either: that is given up after `connect_timeout`."""
    own_pid(impatient)
    folder = Path(postgresql.rpartition("host=")[2])
    postmaster = int((folder / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in (postmaster, *map(int, children)):
        freeze(pid)
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        own_pid(impatient)
    assert time.monotonic() - begun < ANSWER_SECONDS + 4 * BUSY_SECONDS


def test_a_migration_waits_as_long_as_it_takes(postgresql_copy: Callable[[], str]) -> None:
    patient = create_database_engine(postgresql_copy(), answer_seconds=None)
    with patient.connect() as connection:
        assert type(connection.connection.driver_connection).__name__ == "Connection"
    patient.dispose()
