"""Jobs are found by the moment of their end, and how far their payloads are cleared is noted."""

import sqlalchemy as sa
from alembic import op

from shared.db.columns import JobId, UtcDateTime

revision = "0008"
down_revision = "0007"

ENDED = sa.text("completed_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "job_ended",
        "job",
        ["completed_at", "id"],
        sqlite_where=ENDED,
        postgresql_where=ENDED,
    )
    op.create_table(
        "retention",
        sa.Column("payload", sa.String(8), primary_key=True),
        sa.Column("completed_at", UtcDateTime, nullable=False),
        sa.Column("job_id", JobId, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("retention")
    op.drop_index("job_ended", "job")
