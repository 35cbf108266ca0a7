"""Files that clients upload."""

import sqlalchemy as sa
from alembic import op

from shared.db.columns import JobId, JsonBytes, UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "file",
        sa.Column("id", JobId, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("content_type", sa.String(127), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_metadata", JsonBytes, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
    )
    op.create_index("file_newest_first", "file", ["tenant", "created_at", "id"])
    op.create_index("file_expires", "file", ["expires_at"])


def downgrade() -> None:
    op.drop_table("file")
