"""Every filter of the list of predictions has an index that yields its page in order."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

UNFINISHED = sa.text("status = 'queued'")
UNSUCCESSFUL = sa.text("status = 'failed' OR status = 'canceled'")


def upgrade() -> None:
    op.create_index("job_by_model", "job", ["tenant", "model", "created_at", "id", "version"])
    op.create_index(
        "job_unsuccessful",
        "job",
        ["tenant", "status", "created_at", "id"],
        sqlite_where=UNSUCCESSFUL,
        postgresql_where=UNSUCCESSFUL,
    )
    _index_unfinished(["tenant", "created_at", "id", "dispatch_after", "joined_to"])


def downgrade() -> None:
    _index_unfinished(["id"])
    op.drop_index("job_unsuccessful", "job")
    op.drop_index("job_by_model", "job")


def _index_unfinished(columns: list[str]) -> None:
    op.drop_index("job_unfinished", "job")
    op.create_index(
        "job_unfinished", "job", columns, sqlite_where=UNFINISHED, postgresql_where=UNFINISHED
    )
