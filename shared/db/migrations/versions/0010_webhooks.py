"""Webhooks: deliveries with their attempts, endpoints in trouble, secrets."""

import sqlalchemy as sa
from alembic import op

from shared.db.columns import JobId, UtcDateTime

revision = "0010"
down_revision = "0009"

PENDING = sa.text("state = 'pending'")
FINISHED = sa.text("finished_at IS NOT NULL")


def upgrade() -> None:
    _create_delivery()
    op.create_table(
        "delivery_attempt",
        sa.Column("delivery_id", JobId, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.String(32)),
        sa.Column("answer", sa.Text),
    )
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("failing_since", UtcDateTime, nullable=False),
        sa.Column("disabled_at", UtcDateTime),
        sa.Column("reason", sa.String(16)),
    )
    op.create_index("webhook_endpoint_of_tenant", "webhook_endpoint", ["tenant", "id"])
    op.create_table(
        "webhook_secret",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("previous", sa.Text),
        sa.Column("rotated_at", UtcDateTime),
    )


def _create_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", JobId, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("job_id", JobId),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("claims", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("error", sa.String(32)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("finished_at", UtcDateTime),
        sa.CheckConstraint(
            "state IN ('pending', 'delivered', 'failed', 'skipped')", name="delivery_state"
        ),
        sa.CheckConstraint(
            "(state = 'pending') = (finished_at IS NULL)", name="delivery_finished_when_not_pending"
        ),
        sa.UniqueConstraint("job_id", "event", name="delivery_of_job"),
    )
    op.create_index(
        "delivery_due",
        "delivery",
        ["due_at", "host"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
    op.create_index(
        "delivery_finished",
        "delivery",
        ["finished_at"],
        sqlite_where=FINISHED,
        postgresql_where=FINISHED,
    )


def downgrade() -> None:
    for name in ("webhook_secret", "webhook_endpoint", "delivery_attempt", "delivery"):
        op.drop_table(name)
