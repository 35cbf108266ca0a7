"""A version and a value of the metadata are found however rare they are."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

from shared.db.columns import JobId, UtcDateTime

revision = "0007"
down_revision = "0006"

SLICE = 1000


def upgrade() -> None:
    op.create_index("job_by_version", "job", ["tenant", "model", "version", "created_at", "id"])
    op.drop_index("job_by_model", "job")
    op.create_index("job_by_model", "job", ["tenant", "model", "created_at", "id"])
    table = op.create_table(
        "job_metadata",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("pair", sa.String(32), primary_key=True),
        sa.Column("created_at", UtcDateTime, primary_key=True),
        sa.Column("job_id", JobId, sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("job_metadata_of_job", "job_metadata", ["job_id"])
    for pairs in _of_jobs():
        op.get_bind().execute(sa.insert(table), pairs)


def downgrade() -> None:
    op.drop_table("job_metadata")
    op.drop_index("job_by_version", "job")
    op.drop_index("job_by_model", "job")
    op.create_index("job_by_model", "job", ["tenant", "model", "created_at", "id", "version"])


def _of_jobs() -> Iterator[list[dict[str, Any]]]:
    """The pairs of the jobs that are there, a slice of jobs at a time."""
    job = sa.table(
        "job",
        sa.column("id", JobId),
        sa.column("tenant"),
        sa.column("created_at", UtcDateTime),
        sa.column("request_metadata"),
    )
    described = sa.select(job).where(job.c.request_metadata.is_not(None)).order_by(job.c.id)
    last_id = None
    while True:
        following = described if last_id is None else described.where(job.c.id > last_id)
        found = op.get_bind().execute(following.limit(SLICE)).mappings().all()
        if pairs := [one for row in found for one in _pairs(row)]:
            yield pairs
        if len(found) < SLICE:
            return
        last_id = found[-1]["id"]


def _pairs(row: Any) -> Iterator[dict[str, Any]]:
    """As `shared.jobs.metadata` made them at this revision."""
    for key, value in orjson.loads(row["request_metadata"]).items():
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        pair = blake2b(orjson.dumps([key, text]), digest_size=16).hexdigest()
        whose = {"tenant": row["tenant"], "created_at": row["created_at"]}
        yield {**whose, "job_id": row["id"], "pair": pair}
