"""The naive build's SQL row per job, when NAIVE_DATABASE_URL is set: a session per statement."""

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import JSON, Column, Engine, MetaData
from sqlmodel import Field, Session, SQLModel, create_engine

URL = os.environ.get("NAIVE_DATABASE_URL", "")


class NaiveRow(SQLModel):
    """Its own metadata: the tables of Queuecast are declared in the other."""

    metadata = MetaData()


class NaiveJob(NaiveRow, table=True):
    id: str = Field(primary_key=True)
    model: str
    status: str = "pending"
    input: Any = Field(sa_column=Column(JSON))
    output: Any = Field(default=None, sa_column=Column(JSON))
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    completed_at: datetime | None = None


@cache
def engine() -> Engine:
    """SQLite as it comes: no pragma set."""
    return create_engine(URL)


def create() -> None:
    if URL:
        NaiveRow.metadata.create_all(engine())


def begin(job_id: str, model: str, input: Any) -> None:
    if not URL:
        return
    with Session(engine()) as session:
        session.add(NaiveJob(id=job_id, model=model, input=input))
        session.commit()


def finish(job_id: str, output: Any) -> None:
    if not URL:
        return
    with Session(engine()) as session:
        job = session.get(NaiveJob, job_id)
        if job is not None:
            job.status, job.output, job.completed_at = "succeeded", output, datetime.now(UTC)
            session.add(job)
            session.commit()
