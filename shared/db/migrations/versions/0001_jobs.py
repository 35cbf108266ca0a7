"""Jobs and the prediction log."""

import sqlalchemy as sa
from alembic import op

from shared.db.columns import JobId, JsonBytes, UtcDateTime

revision = "0001"
down_revision = None

UNFINISHED = sa.text("status = 'queued'")
WITH_DEADLINE = sa.text("status = 'queued' AND deadline_at IS NOT NULL")


def upgrade() -> None:
    _create_job()
    _create_prediction_log()


def _create_job() -> None:
    op.create_table(
        "job",
        sa.Column("id", JobId, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("priority", sa.String(8), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
        sa.Column("dispatch_after", UtcDateTime, nullable=False),
        sa.Column("deadline_at", UtcDateTime),
        sa.Column("input", JsonBytes),
        sa.Column("input_ref", sa.String(64)),
        sa.Column("input_bytes", sa.Integer, nullable=False),
        sa.Column("input_hash", sa.String(64), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("webhook", sa.String(2048)),
        sa.Column("webhook_events", sa.String(64)),
        sa.Column("request_metadata", JsonBytes),
        sa.Column("joined_to", JobId),
        sa.Column("retry_of", JobId),
        sa.Column("output", JsonBytes),
        sa.Column("error", sa.String(1024)),
        sa.Column("error_code", sa.String(32)),
        sa.Column("cache", sa.String(8), nullable=False),
        sa.Column("queue_time", sa.Float),
        sa.Column("preprocess_time", sa.Float),
        sa.Column("predict_time", sa.Float),
        sa.Column("batch_size", sa.Integer),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("started_at", UtcDateTime),
        sa.Column("completed_at", UtcDateTime),
        sa.CheckConstraint(
            "status IN ('queued', 'succeeded', 'failed', 'canceled')", name="job_status"
        ),
        sa.CheckConstraint(
            "(status = 'queued') = (completed_at IS NULL)", name="job_completed_when_terminal"
        ),
        sa.UniqueConstraint("tenant", "idempotency_key", name="job_idempotency_key"),
    )
    op.create_index("job_newest_first", "job", ["tenant", "created_at", "id"])
    op.create_index(
        "job_unfinished", "job", ["id"], sqlite_where=UNFINISHED, postgresql_where=UNFINISHED
    )
    op.create_index(
        "job_deadline",
        "job",
        ["deadline_at"],
        sqlite_where=WITH_DEADLINE,
        postgresql_where=WITH_DEADLINE,
    )


def _create_prediction_log() -> None:
    op.create_table(
        "prediction_log",
        sa.Column("job_id", JobId, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("input_hash", sa.String(64), nullable=False),
        sa.Column("input_bytes", sa.Integer, nullable=False),
        sa.Column("output", JsonBytes),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("error_code", sa.String(32)),
        sa.Column("cache", sa.String(8), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("batch_size", sa.Integer),
        sa.Column("queue_time", sa.Float),
        sa.Column("preprocess_time", sa.Float),
        sa.Column("predict_time", sa.Float),
        sa.Column("total_time", sa.Float, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("completed_at", UtcDateTime, nullable=False),
    )
    op.create_index(
        "prediction_log_by_model", "prediction_log", ["model", "version", "completed_at"]
    )


def downgrade() -> None:
    op.drop_table("prediction_log")
    op.drop_table("job")
