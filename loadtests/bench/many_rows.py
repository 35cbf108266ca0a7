"""Fills the tables of a stopped Queuecast with old jobs, by statements that make rows from rows."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Table

from shared.jobs.table import job_table
from shared.prediction_log.table import log_table

SPACING_MILLISECONDS = 50
"""Between two of the old jobs; they lie before those that were there."""

# UUIDs of version 7, so that old jobs sort before new ones as real ones would.
_FRESH = """
CREATE TEMP TABLE fresh AS
WITH RECURSIVE series(n) AS (SELECT :rows UNION ALL SELECT n - 1 FROM series WHERE n > 1)
SELECT n, printf('%08x-%04x-7%03x-8%03x-%s', (:now - n * :spacing) >> 16,
                 (:now - n * :spacing) & 65535, abs(random()) % 4096, abs(random()) % 4096,
                 lower(hex(randomblob(6)))) AS id
FROM series
"""


def fill(database: Path, rows: int) -> None:
    """Adds `rows` terminal jobs and their log rows, each a copy of one that is there."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        now = int(time.time() * 1000)
        values = {"rows": rows, "now": now, "spacing": SPACING_MILLISECONDS}
        connection.execute(_FRESH, values)
        for table, key in ((job_table, "id"), (log_table, "job_id")):
            connection.execute(_kept(table, key))
            connection.execute(_copying(table, key))
        connection.commit()


def _kept(table: Table, key: str) -> str:
    """The rows to copy, numbered from 0."""
    place = f"row_number() OVER (ORDER BY {key}) - 1 AS place"
    return f"CREATE TEMP TABLE old_{table.name} AS SELECT {place}, * FROM {table.name}"  # noqa: S608


def _copying(table: Table, key: str) -> str:
    columns = [column.name for column in table.columns]
    values = ", ".join(_value(name, key) for name in columns)
    old = f"old_{table.name}"
    return (
        f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {values} FROM fresh "  # noqa: S608
        f"JOIN {old} ON {old}.place = fresh.n % (SELECT count(*) FROM {old}) ORDER BY fresh.n DESC"
    )


def _value(name: str, key: str) -> str:
    if name == key:
        return "fresh.id"
    if name in ("created_at", "started_at", "completed_at", "dispatch_after"):
        earlier = f"'-' || (fresh.n * {SPACING_MILLISECONDS / 1000}) || ' seconds'"
        return f"strftime('%Y-%m-%d %H:%M:%f', {name}, {earlier}) || '000'"
    return "NULL" if name == "idempotency_key" else name
