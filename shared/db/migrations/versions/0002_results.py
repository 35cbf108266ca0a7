"""Large outputs stand in the blob store; joiners are found by their leader."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

JOINED = sa.text("status = 'queued' AND joined_to IS NOT NULL")


def upgrade() -> None:
    op.add_column("job", sa.Column("output_ref", sa.String(64)))
    op.create_index(
        "job_joined", "job", ["joined_to"], sqlite_where=JOINED, postgresql_where=JOINED
    )


def downgrade() -> None:
    op.drop_index("job_joined", "job")
    op.drop_column("job", "output_ref")
