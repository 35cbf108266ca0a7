"""Whether a row refers to a blob is asked of every blob: it is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

COLUMNS = ("input_ref", "output_ref")


def upgrade() -> None:
    for column in COLUMNS:
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"job_{column}", "job", [column], sqlite_where=there, postgresql_where=there
        )


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_index(f"job_{column}", "job")
