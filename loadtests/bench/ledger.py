"""Looks into the SQLite file of a running Queuecast, as an operator might."""

import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from loadtests.bench.errors import ArmFailed

LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 240.0
BY_PLACE = "SELECT id FROM job WHERE rowid = ?"


def database_of(data_dir: Path | None) -> Path:
    if data_dir is None:
        raise TypeError("this arm has no SQLite file")
    return data_dir / "queuecast.db"


def until_all_ended(database: Path) -> float:
    """Seconds until no job is unfinished any more."""
    begun = time.perf_counter()
    with closing(_reading(database)) as connection:
        while connection.execute("SELECT 1 FROM job WHERE status = 'queued' LIMIT 1").fetchone():
            if time.perf_counter() - begun > PATIENCE_SECONDS:
                raise ArmFailed(f"jobs are still unfinished after {PATIENCE_SECONDS:.0f} s")
            time.sleep(LOOK_SECONDS)
    return time.perf_counter() - begun


def ids_at(database: Path, places: Iterable[int]) -> list[str]:
    """The ids of the jobs that were inserted at these places, counted from 1; none was deleted."""
    with closing(_reading(database)) as connection:
        found = [connection.execute(BY_PLACE, (place,)).fetchone() for place in places]
    return [row[0] for row in found]


def _reading(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)
