"""The tables of the prediction log: what is written with the outcome is never changed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Table, text
from sqlmodel import Field, SQLModel

from shared.db.columns import JobId, JsonBytes, UtcDateTime

UNSUCCESSFUL = text("status = 'failed' OR status = 'canceled'")


class PredictionLog(SQLModel, table=True):
    """What was asked (as a hash), of which version, what came out and how long it took (seconds).

    `label` with its `score`, or `value`, or `summary` tell of the output (see `summary`). The row
    outlives the job, so nothing in it refers to the job's row.
    """

    __tablename__ = "prediction_log"

    job_id: str = Field(primary_key=True, sa_type=JobId)
    tenant: str = Field(max_length=64)
    model: str = Field(max_length=64)
    version: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    input_hash: str = Field(max_length=64)
    input_bytes: int
    input_shape: str | None = Field(default=None, max_length=255)
    output: bytes | None = Field(default=None, sa_type=JsonBytes)
    label: str | None = Field(default=None, max_length=64)
    score: float | None = None
    value: float | None = None
    summary: bytes | None = Field(default=None, sa_type=JsonBytes)
    status: str = Field(max_length=16)
    error_code: str | None = Field(default=None, max_length=32)
    cache: str = Field(max_length=8)
    attempt: int
    batch_size: int | None = None
    queue_time: float | None = None
    preprocess_time: float | None = None
    predict_time: float | None = None
    total_time: float
    created_at: datetime = Field(sa_type=UtcDateTime)
    completed_at: datetime = Field(sa_type=UtcDateTime)

    # Every row is written into each of them: 5 µs of 1.3 ms. One more by hash would be 25 µs.
    __table_args__ = (
        Index("prediction_log_newest_first", "tenant", "completed_at", "job_id"),
        Index("prediction_log_by_model", "tenant", "model", "completed_at", "job_id"),
        Index("prediction_log_by_version", "tenant", "model", "version", "completed_at", "job_id"),
        Index(
            "prediction_log_unsuccessful",
            "tenant",
            "status",
            "completed_at",
            "job_id",
            sqlite_where=UNSUCCESSFUL,
            postgresql_where=UNSUCCESSFUL,
        ),
    )


class PredictionSample(SQLModel, table=True):
    """An input that was drawn to be kept, without what its model's folder calls private."""

    __tablename__ = "prediction_sample"

    job_id: str = Field(
        primary_key=True, sa_type=JobId, foreign_key="prediction_log.job_id", ondelete="CASCADE"
    )
    input: bytes = Field(sa_type=JsonBytes)


class Feedback(SQLModel, table=True):
    """What turned out to be true, beside what was predicted: `label` or `value`, never both.

    The last one given counts; `changes` tells how often it was another one before.
    """

    __tablename__ = "feedback"

    job_id: str = Field(
        primary_key=True, sa_type=JobId, foreign_key="prediction_log.job_id", ondelete="CASCADE"
    )
    tenant: str = Field(max_length=64)
    model: str = Field(max_length=64)
    version: str = Field(max_length=64)
    completed_at: datetime = Field(sa_type=UtcDateTime)
    predicted_label: str | None = Field(default=None, max_length=64)
    predicted_value: float | None = None
    label: str | None = Field(default=None, max_length=64)
    value: float | None = None
    source: str | None = Field(default=None, max_length=64)
    comment: str | None = Field(default=None, max_length=1000)
    given_at: datetime = Field(sa_type=UtcDateTime)
    changes: int = 0

    __table_args__ = (
        CheckConstraint("(label IS NULL) <> (value IS NULL)", name="feedback_one_truth"),
        Index("feedback_by_model", "tenant", "model", "completed_at"),
        Index("feedback_by_version", "tenant", "model", "version", "completed_at"),
        Index("feedback_newest_first", "completed_at"),
    )


log_table: Table = PredictionLog.__table__  # type: ignore[attr-defined]
sample_table: Table = PredictionSample.__table__  # type: ignore[attr-defined]
feedback_table: Table = Feedback.__table__  # type: ignore[attr-defined]
