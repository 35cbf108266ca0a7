"""The tables of webhooks: deliveries with their attempts, endpoints in trouble, secrets."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Table, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from shared.db.columns import JobId, UtcDateTime

PENDING = text("state = 'pending'")
FINISHED = text("finished_at IS NOT NULL")


class Delivery(SQLModel, table=True):
    """One webhook to be delivered; its id is the `webhook-id` of every attempt.

    While it is pending, it is sent once `due_at` has come. Who sends it moves `due_at` behind the
    longest time that this can take and raises `claims`, which fences what it reports: where it
    dies, the delivery is due again. `failures` count in the present schedule, the attempt that is
    under way among them.
    """

    __tablename__ = "delivery"

    id: str = Field(primary_key=True, sa_type=JobId)
    tenant: str = Field(max_length=64)
    job_id: str | None = Field(default=None, sa_type=JobId)
    event: str = Field(max_length=16)
    url: str = Field(max_length=2048)
    host: str = Field(max_length=255)
    endpoint: str = Field(max_length=64)
    state: str = Field(default="pending", max_length=16)
    claims: int = 0
    failures: int = 0
    due_at: datetime = Field(sa_type=UtcDateTime)
    error: str | None = Field(default=None, max_length=32)
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        CheckConstraint(
            "state IN ('pending', 'delivered', 'failed', 'skipped')", name="delivery_state"
        ),
        CheckConstraint(
            "(state = 'pending') = (finished_at IS NULL)", name="delivery_finished_when_not_pending"
        ),
        UniqueConstraint("job_id", "event", name="delivery_of_job"),
        # Holds the host, so that those who wait for a busy host are passed over in the index.
        Index(
            "delivery_due", "tenant", "due_at", "host",
            sqlite_where=PENDING, postgresql_where=PENDING,
        ),
        Index(
            "delivery_finished", "finished_at", sqlite_where=FINISHED, postgresql_where=FINISHED
        ),
    )  # fmt: skip


class DeliveryAttempt(SQLModel, table=True):
    """One attempt: `status` where there was an answer, else why there was none.

    `number` is the claim under which it was made: one that is missing was cut off.
    """

    __tablename__ = "delivery_attempt"

    delivery_id: str = Field(primary_key=True, sa_type=JobId)
    number: int = Field(primary_key=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    seconds: float
    status: int | None = None
    error: str | None = Field(default=None, max_length=32)
    answer: str | None = Field(default=None, sa_type=Text)


class WebhookEndpoint(SQLModel, table=True):
    """A URL of a tenant that has failed since; one that works has no row."""

    __tablename__ = "webhook_endpoint"

    id: str = Field(primary_key=True, max_length=64)
    tenant: str = Field(max_length=64)
    url: str = Field(max_length=2048)
    failing_since: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = Field(default=None, max_length=16)

    __table_args__ = (Index("webhook_endpoint_of_tenant", "tenant", "id"),)


class WebhookSecret(SQLModel, table=True):
    """What signs a tenant's webhooks, encrypted. Those in `previous`, with commas between them,
    sign too for a day.
    """

    __tablename__ = "webhook_secret"

    tenant: str = Field(primary_key=True, max_length=64)
    secret: str = Field(sa_type=Text)
    previous: str | None = Field(default=None, sa_type=Text)
    rotated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


delivery_table: Table = Delivery.__table__  # type: ignore[attr-defined]
attempt_table: Table = DeliveryAttempt.__table__  # type: ignore[attr-defined]
endpoint_table: Table = WebhookEndpoint.__table__  # type: ignore[attr-defined]
secret_table: Table = WebhookSecret.__table__  # type: ignore[attr-defined]
