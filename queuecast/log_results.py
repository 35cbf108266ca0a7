"""The prediction log as the server answers it, typed; unknown fields are kept."""

from datetime import datetime
from typing import Any

from pydantic import Field

from queuecast.results import Metrics, Result


class GivenFeedback(Result):
    """What somebody said to be true."""

    label: str | None = None
    value: float | None = None
    source: str | None = None
    comment: str | None = None
    given_at: datetime | None = None
    changes: int | None = None


class LoggedPrediction(Result):
    """One row of the prediction log.

    `label` with `score`, or `value`, or `summary` tell of the output; `input` is there where it was
    drawn as a sample, `feedback` where somebody gave some.
    """

    id: str
    status: str
    model: str | None = None
    version: str | None = None
    digest: str | None = None
    input_hash: str | None = None
    input_bytes: int | None = None
    input_shape: str | None = None
    input: Any = None
    label: str | None = None
    score: float | None = None
    value: float | None = None
    summary: dict[str, dict[str, float]] | None = None
    error_code: str | None = None
    cache: str | None = None
    attempts: int | None = None
    metrics: Metrics = Field(default_factory=Metrics)
    feedback: GivenFeedback | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None


class LogPage(Result):
    results: list[LoggedPrediction]
    next: str | None = None


class Feedback(GivenFeedback):
    """Feedback beside what was predicted: `right` for labels, `error` for values."""

    id: str
    version: str | None = None
    predicted_label: str | None = None
    predicted_value: float | None = None
    right: bool | None = None
    error: float | None = None


class FeedbackResult(Result):
    """Of one: as it stands, or the problem for which it was refused."""

    feedback: Feedback | None = None
    problem: dict[str, Any] | None = None


class FeedbackResults(Result):
    results: list[FeedbackResult]


class Measures(Result):
    """How right a version was, from `at` on where it is one of several spans."""

    version: str
    at: datetime | None = None
    labels: int = 0
    right: int = 0
    accuracy: float | None = None
    values: int = 0
    mean_absolute_error: float | None = None
    mean_error: float | None = None


class Accuracy(Result):
    """Of the predictions with feedback: each version as a whole, and by day or hour."""

    model: str
    by: str | None = None
    looked_at: int | None = None
    complete: bool | None = None
    totals: list[Measures] = Field(default_factory=list)
    over_time: list[Measures] = Field(default_factory=list)
    confusion: list[dict[str, Any]] = Field(default_factory=list)
