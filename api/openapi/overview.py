"""The operation and the schemas of the overview."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.openapi.operation import operation
from api.openapi.schemas import Schema
from shared import errors


class _Figures(Schema):
    """Of jobs that have ended; times are seconds from submit to end, of those that succeeded."""

    finished: int
    failed: int
    per_second: float
    p50_seconds: float | None
    p95_seconds: float | None


class VersionFigures(_Figures):
    """Those of one model version."""

    model: str
    version: str


class SeriesPoint(_Figures):
    """Five seconds; `at` is their end, in seconds of the epoch."""

    at: int


class CacheFigures(Schema):
    """How the jobs were answered; `share` is that of hit and joined."""

    hit: int
    joined: int
    miss: int
    share: float | None


class Queue(Schema):
    """A backlog that is not empty; `*` stands for all models."""

    stage: Literal["preprocess", "predict", "record"]
    model: str
    version: str
    priority: Literal["high", "normal", "low"]
    waiting: int
    in_progress: int
    oldest_seconds: float = Field(description="Since its oldest entry came to it.")


class WorkerRun(Schema):
    """Jobs of one model version that run together."""

    version: str
    model: str
    jobs: int


class WorkerSeen(Schema):
    """A process that was heard of lately."""

    kind: str
    host: str | None = Field(description="Told to `admin` alone.")
    pid: int | None = Field(description="Told to `admin` alone.")
    running: list[WorkerRun]


class Difference(Schema):
    """A process that lives and works with something else than the one that answers."""

    fact: str
    process: str


class Overview(_Figures):
    """The tenant's own jobs of the last minute; queues and workers are of all tenants."""

    at: datetime
    window_seconds: float = Field(
        description="What the figures are of: 60, less where a thousand jobs ended in a minute."
    )
    cache: CacheFigures
    models: list[VersionFigures]
    series: list[SeriesPoint] = Field(description="Ten minutes at most, oldest first.")
    queues: list[Queue] | None = Field(description="null while Redis cannot be asked.")
    workers: list[WorkerSeen] | None = Field(description="null while Redis cannot be asked.")
    differ: list[Difference] | None = Field(
        description="Settings that processes do not share, told to `admin` alone; null while Redis "
        "cannot be asked."
    )


READ = operation(
    "get_overview",
    "The last minutes in numbers",
    tag="operations",
    answers={200: ("As they stand; cheap enough to ask every two seconds.", Overview)},
    problems=(errors.InvalidParameter, errors.Unavailable),
)
