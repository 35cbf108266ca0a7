"""The prediction log tells what came out, holds samples and feedback, and can be listed."""

import sqlalchemy as sa
from alembic import op

from shared.db.columns import JobId, JsonBytes, UtcDateTime

revision = "0013"
down_revision = "0011"

UNSUCCESSFUL = sa.text("status = 'failed' OR status = 'canceled'")

ADDED = (
    sa.Column("input_shape", sa.String(255)),
    sa.Column("label", sa.String(64)),
    sa.Column("score", sa.Float),
    sa.Column("value", sa.Float),
    sa.Column("summary", JsonBytes),
)
INDEXES = {
    "prediction_log_newest_first": ["tenant", "completed_at", "job_id"],
    "prediction_log_by_model": ["tenant", "model", "completed_at", "job_id"],
    "prediction_log_by_version": ["tenant", "model", "version", "completed_at", "job_id"],
}


def upgrade() -> None:
    for column in ADDED:
        op.add_column("prediction_log", column)
    op.drop_index("prediction_log_by_model", "prediction_log")
    for name, columns in INDEXES.items():
        op.create_index(name, "prediction_log", columns)
    op.create_index(
        "prediction_log_unsuccessful",
        "prediction_log",
        ["tenant", "status", "completed_at", "job_id"],
        sqlite_where=UNSUCCESSFUL,
        postgresql_where=UNSUCCESSFUL,
    )
    op.create_table(
        "prediction_sample",
        _of_logged(),
        sa.Column("input", JsonBytes, nullable=False),
    )
    op.create_table(
        "feedback",
        _of_logged(),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("completed_at", UtcDateTime, nullable=False),
        sa.Column("predicted_label", sa.String(64)),
        sa.Column("predicted_value", sa.Float),
        sa.Column("label", sa.String(64)),
        sa.Column("value", sa.Float),
        sa.Column("source", sa.String(64)),
        sa.Column("comment", sa.String(1000)),
        sa.Column("given_at", UtcDateTime, nullable=False),
        sa.Column("changes", sa.Integer, nullable=False),
        sa.CheckConstraint("(label IS NULL) <> (value IS NULL)", name="feedback_one_truth"),
    )
    op.create_index("feedback_by_model", "feedback", ["tenant", "model", "completed_at"])
    op.create_index(
        "feedback_by_version", "feedback", ["tenant", "model", "version", "completed_at"]
    )
    op.create_index("feedback_newest_first", "feedback", ["completed_at"])


def downgrade() -> None:
    for table in ("feedback", "prediction_sample"):
        op.drop_table(table)
    for index in ("prediction_log_unsuccessful", *INDEXES):
        op.drop_index(index, "prediction_log")
    for column in reversed(ADDED):
        op.drop_column("prediction_log", column.name)
    op.create_index(
        "prediction_log_by_model", "prediction_log", ["model", "version", "completed_at"]
    )


def _of_logged() -> sa.Column[str]:
    """It goes with the row of the log that it belongs to."""
    logged = sa.ForeignKey("prediction_log.job_id", ondelete="CASCADE")
    return sa.Column("job_id", JobId, logged, primary_key=True)
