"""Dead letters are found among all jobs, and a job is retried once."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

DEAD = sa.text(
    "error_code IN ('worker_lost', 'time_limit_exceeded', 'model_unavailable', "
    "'storage_unavailable', 'input_lost', 'output_not_storable')"
)
RETRIES = sa.text("retry_of IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "job_dead_letters",
        "job",
        ["tenant", "completed_at", "id"],
        sqlite_where=DEAD,
        postgresql_where=DEAD,
    )
    op.create_index(
        "job_retries",
        "job",
        ["retry_of"],
        unique=True,
        sqlite_where=RETRIES,
        postgresql_where=RETRIES,
    )


def downgrade() -> None:
    op.drop_index("job_retries", "job")
    op.drop_index("job_dead_letters", "job")
