"""API keys, and what tenants may use."""

import sqlalchemy as sa
from alembic import op

from shared.db.columns import UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(8), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("revoked_at", UtcDateTime),
        sa.Column("last_used_at", UtcDateTime),
    )
    op.create_table(
        "tenant_limits",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("requests_per_second", sa.Integer),
        sa.Column("jobs_in_flight", sa.Integer),
        sa.Column("bytes_per_day", sa.BigInteger),
    )


def downgrade() -> None:
    op.drop_table("tenant_limits")
    op.drop_table("api_key")
