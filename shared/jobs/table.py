"""The `job` table: the truth about every job."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from shared.db.columns import JobId, JsonBytes, UtcDateTime
from shared.domain.failures import OPERATORS

UNFINISHED = text("status = 'queued'")
ENDED = text("completed_at IS NOT NULL")
UNSUCCESSFUL = text("status = 'failed' OR status = 'canceled'")
DEAD = text("error_code IN ({})".format(", ".join(f"'{code}'" for code in OPERATORS)))
RETRIES = text("retry_of IS NOT NULL")


class Job(SQLModel, table=True):
    """One requested prediction.

    `attempt` fences outcomes, `crashes` counts the workers that died while running the job, and
    from `dispatch_after` on an unfinished job without a snapshot in Redis is dispatched again.
    Times of the end are seconds.
    """

    __tablename__ = "job"

    id: str = Field(primary_key=True, sa_type=JobId)
    tenant: str = Field(max_length=64)
    model: str = Field(max_length=64)
    version: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    status: str = Field(default="queued", max_length=16)
    priority: str = Field(max_length=8)
    attempt: int = 1
    crashes: int = 0
    dispatch_after: datetime = Field(sa_type=UtcDateTime)
    deadline_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    input: bytes | None = Field(default=None, sa_type=JsonBytes)
    input_ref: str | None = Field(default=None, max_length=64)
    input_bytes: int
    input_hash: str = Field(max_length=64)
    body_hash: str = Field(max_length=64)
    idempotency_key: str | None = Field(default=None, max_length=255)
    webhook: str | None = Field(default=None, max_length=2048)
    webhook_events: str | None = Field(default=None, max_length=64)
    request_metadata: bytes | None = Field(default=None, sa_type=JsonBytes)
    joined_to: str | None = Field(default=None, sa_type=JobId)
    retry_of: str | None = Field(default=None, sa_type=JobId)
    traceparent: str | None = Field(default=None, max_length=55)

    output: bytes | None = Field(default=None, sa_type=JsonBytes)
    output_ref: str | None = Field(default=None, max_length=64)
    error: str | None = Field(default=None, max_length=1024)
    error_code: str | None = Field(default=None, max_length=32)
    cache: str = Field(default="miss", max_length=8)
    queue_time: float | None = None
    preprocess_time: float | None = None
    predict_time: float | None = None
    batch_size: int | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'succeeded', 'failed', 'canceled')", name="job_status"
        ),
        CheckConstraint(
            "(status = 'queued') = (completed_at IS NULL)", name="job_completed_when_terminal"
        ),
        UniqueConstraint("tenant", "idempotency_key", name="job_idempotency_key"),
        Index("job_newest_first", "tenant", "created_at", "id"),
        Index("job_by_model", "tenant", "model", "created_at", "id"),
        Index("job_by_version", "tenant", "model", "version", "created_at", "id"),
        # Holds all that counting asks for: PostgreSQL would rather read the whole table than
        # every unfinished row.
        Index(
            "job_unfinished",
            "tenant",
            "created_at",
            "id",
            "dispatch_after",
            "joined_to",
            sqlite_where=UNFINISHED,
            postgresql_where=UNFINISHED,
        ),
        Index(
            "job_unsuccessful",
            "tenant",
            "status",
            "created_at",
            "id",
            sqlite_where=UNSUCCESSFUL,
            postgresql_where=UNSUCCESSFUL,
        ),
        Index(
            "job_dead_letters",
            "tenant",
            "completed_at",
            "id",
            sqlite_where=DEAD,
            postgresql_where=DEAD,
        ),
        # One retry of each, however often it is asked for.
        Index(
            "job_retries",
            "retry_of",
            unique=True,
            sqlite_where=RETRIES,
            postgresql_where=RETRIES,
        ),
        Index("job_ended", "completed_at", "id", sqlite_where=ENDED, postgresql_where=ENDED),
        Index(
            "job_joined",
            "joined_to",
            sqlite_where=text("status = 'queued' AND joined_to IS NOT NULL"),
            postgresql_where=text("status = 'queued' AND joined_to IS NOT NULL"),
        ),
        Index(
            "job_input_ref",
            "input_ref",
            sqlite_where=text("input_ref IS NOT NULL"),
            postgresql_where=text("input_ref IS NOT NULL"),
        ),
        Index(
            "job_output_ref",
            "output_ref",
            sqlite_where=text("output_ref IS NOT NULL"),
            postgresql_where=text("output_ref IS NOT NULL"),
        ),
        Index(
            "job_deadline",
            "deadline_at",
            sqlite_where=text("status = 'queued' AND deadline_at IS NOT NULL"),
            postgresql_where=text("status = 'queued' AND deadline_at IS NOT NULL"),
        ),
    )


job_table: Table = Job.__table__  # type: ignore[attr-defined]
