"""The `prediction_log` table: written with the outcome, in its transaction, and never changed."""

from datetime import datetime

from sqlalchemy import Index, Table
from sqlmodel import Field, SQLModel

from shared.db.columns import JobId, JsonBytes, UtcDateTime


class PredictionLog(SQLModel, table=True):
    """What was asked (as a hash), of which version, what came out and how long it took (seconds).

    It outlives the job, so nothing in it refers to the job's row.
    """

    __tablename__ = "prediction_log"

    job_id: str = Field(primary_key=True, sa_type=JobId)
    tenant: str = Field(max_length=64)
    model: str = Field(max_length=64)
    version: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    input_hash: str = Field(max_length=64)
    input_bytes: int
    output: bytes | None = Field(default=None, sa_type=JsonBytes)
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

    __table_args__ = (Index("prediction_log_by_model", "model", "version", "completed_at"),)


log_table: Table = PredictionLog.__table__  # type: ignore[attr-defined]
