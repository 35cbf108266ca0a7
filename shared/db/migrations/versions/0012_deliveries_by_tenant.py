"""What is due is found tenant by tenant: no tenant's deliveries stand before another's."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0013"

PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    _index(["tenant", "due_at", "host"])


def downgrade() -> None:
    _index(["due_at", "host"])


def _index(columns: list[str]) -> None:
    op.drop_index("delivery_due", "delivery")
    op.create_index(
        "delivery_due", "delivery", columns, sqlite_where=PENDING, postgresql_where=PENDING
    )
