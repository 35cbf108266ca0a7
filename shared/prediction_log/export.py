"""The prediction log as a table for others: the same columns in every format, a page at a time."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, select

from shared.db.engine import reading
from shared.prediction_log.listing import Position, Wanted, page
from shared.prediction_log.table import log_table as log

ROWS = 1000
"""Read in one transaction: 20 ms."""


class Kind(StrEnum):
    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    MOMENT = "moment"


COLUMNS: dict[str, Kind] = {
    "id": Kind.TEXT,
    "tenant": Kind.TEXT,
    "model": Kind.TEXT,
    "version": Kind.TEXT,
    "digest": Kind.TEXT,
    "input_hash": Kind.TEXT,
    "input_bytes": Kind.WHOLE,
    "input_shape": Kind.TEXT,
    "input": Kind.TEXT,
    "output": Kind.TEXT,
    "label": Kind.TEXT,
    "score": Kind.NUMBER,
    "value": Kind.NUMBER,
    "summary": Kind.TEXT,
    "status": Kind.TEXT,
    "error_code": Kind.TEXT,
    "cache": Kind.TEXT,
    "attempt": Kind.WHOLE,
    "batch_size": Kind.WHOLE,
    "queue_time": Kind.NUMBER,
    "preprocess_time": Kind.NUMBER,
    "predict_time": Kind.NUMBER,
    "total_time": Kind.NUMBER,
    "created_at": Kind.MOMENT,
    "completed_at": Kind.MOMENT,
    "truth_label": Kind.TEXT,
    "truth_value": Kind.NUMBER,
    "truth_source": Kind.TEXT,
    "truth_comment": Kind.TEXT,
    "truth_at": Kind.MOMENT,
}
"""`input`, `output` and `summary` are JSON in a text; times are seconds, moments in UTC."""

Record = dict[str, Any]
"""A row with these columns: text, whole numbers, numbers, moments with their zone, None."""


def records(engine: Engine, wanted: Wanted, rows: int = ROWS) -> Iterator[list[Record]]:
    """Everything that is wanted, newest first; what ends meanwhile is not among it.

    Each page is a transaction of its own, so however slow its reader is, nobody waits for him.
    """
    before: Position | None = None
    while True:
        with reading(engine) as connection:
            found = page(connection, wanted, rows, before)
        if found.rows:
            yield [_record(row) for row in found.rows]
        before = _position(found.rows[-1]) if len(found.rows) == rows else found.edge
        if before is None:
            return


def oldest(connection: Connection, tenant: str) -> datetime | None:
    """When the first prediction of this tenant's log ended."""
    statement = select(func.min(log.c.completed_at)).where(log.c.tenant == tenant)
    found: datetime | None = connection.execute(statement).scalar()
    return found


def _record(row: RowMapping) -> Record:
    shown = {**row, "id": row["job_id"]}
    return {name: _text(shown[name]) for name in COLUMNS}


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _position(row: RowMapping) -> Position:
    return row["completed_at"], row["job_id"]
