"""The `job_metadata` table: which jobs carry a value of their client's, for the list to find them.

A row for each of at most 16 values, with the job; a job without metadata has none. The values stand
in the job itself: what is kept here is a hash of key and value, which any index takes.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import Connection, Index, Table, insert
from sqlmodel import Field, SQLModel

from shared.db.columns import JobId, UtcDateTime


class JobMetadata(SQLModel, table=True):
    """Goes with its job."""

    __tablename__ = "job_metadata"

    tenant: str = Field(primary_key=True, max_length=64)
    pair: str = Field(primary_key=True, max_length=32)
    created_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    job_id: str = Field(primary_key=True, sa_type=JobId, foreign_key="job.id", ondelete="CASCADE")

    __table_args__ = (Index("job_metadata_of_job", "job_id"), {"sqlite_with_rowid": False})


metadata_table: Table = JobMetadata.__table__  # type: ignore[attr-defined]

_INSERT = insert(metadata_table)


def pair(key: str, value: Any) -> str:
    """What a key and its value are found by: text as it is, other values as JSON writes them."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return blake2b(orjson.dumps([key, text]), digest_size=16).hexdigest()


def note(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Makes the jobs in these new rows of `job` findable by the metadata that they have."""
    if pairs := [values for row in rows for values in _pairs(row)]:
        connection.execute(_INSERT, pairs)


def _pairs(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    whose = {"tenant": row["tenant"], "created_at": row["created_at"], "job_id": row["id"]}
    for key, value in orjson.loads(row["request_metadata"]).items():
        yield {**whose, "pair": pair(key, value)}
