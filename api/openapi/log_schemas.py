"""Schemas of the prediction log. Documentation only, as in `schemas`."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.openapi.schemas import Metrics, Refusal, Schema

Said = Annotated[float, Field(allow_inf_nan=False)]


class GivenFeedback(Schema):
    label: str | None
    value: float | None
    source: str | None
    comment: str | None
    given_at: datetime
    changes: int = Field(description="How often something else was said before.")


class LogUrls(Schema):
    get: str
    prediction: str
    feedback: str


class LoggedPrediction(Schema):
    """One row of the prediction log; it stays when the prediction has gone."""

    id: str
    model: str
    version: str
    digest: str
    input_hash: str = Field(description="Equal inputs of one version have equal ones.")
    input_bytes: int
    input_shape: str | None = Field(description="What the model was fed, such as `pixels:1x64`.")
    status: Literal["succeeded", "failed", "canceled"]
    error_code: str | None
    cache: Literal["miss", "hit", "joined"]
    label: str | None = Field(description="The label in the output.")
    score: float | None = Field(description="What the model gave it.")
    value: float | None = Field(description="The one number of an output without a label.")
    summary: dict[str, dict[str, float]] | None = Field(
        description="Of other outputs: count, min, max and mean of the numbers in each field."
    )
    input: Any = Field(description="Where it was drawn as a sample, without what is private.")
    attempts: int
    metrics: Metrics
    feedback: GivenFeedback | None
    created_at: datetime
    completed_at: datetime
    urls: LogUrls
    output: Any = Field(default=None, description="Left out of a list.")


class LogPage(Schema):
    next: str | None
    previous: str | None = Field(description="Always null: pages lead from the newest backwards.")
    results: list[LoggedPrediction]


class NewFeedback(Schema):
    """What is true: either `label` or `value`."""

    label: str | int | bool | None = Field(
        default=None, description='Compared as text: `3` is `"3"`; 64 characters at most.'
    )
    value: Said | None = None
    source: str | None = Field(default=None, max_length=64, description="Who or what says so.")
    comment: str | None = Field(default=None, max_length=1000)


class NewFeedbackOn(NewFeedback):
    id: str = Field(description="The prediction's id.")


class NewFeedbackList(Schema):
    feedback: Annotated[list[NewFeedbackOn], Field(min_length=1, max_length=1000)]


class Feedback(Schema):
    """What was said to be true, beside what had been predicted."""

    id: str
    version: str
    label: str | None
    value: float | None
    source: str | None
    comment: str | None
    predicted_label: str | None
    predicted_value: float | None
    right: bool | None = Field(description="Whether the labels agree, where there are two.")
    error: float | None = Field(description="Predicted less true, where there are two values.")
    given_at: datetime
    changes: int


class TakenFeedback(Schema):
    feedback: Feedback


class RefusedFeedback(Schema):
    problem: Refusal


class FeedbackResults(Schema):
    accepted: int
    refused: int
    results: list[TakenFeedback | RefusedFeedback]


class Measures(Schema):
    """Of a version: `right` of the `labels`, and the errors of the `values`."""

    version: str
    labels: int
    right: int
    accuracy: float | None
    values: int
    mean_absolute_error: float | None
    mean_error: float | None = Field(description="Above 0: it predicts too much.")


class MeasuresAt(Measures):
    at: datetime = Field(description="Where the day or hour begins, in UTC.")


class Confused(Schema):
    label: str = Field(description="The true one.")
    predicted: str
    count: int


class Accuracy(Schema):
    """Of predictions with feedback; where `looked_at` was too many, of the newest of them."""

    model: str
    version: str | None
    by: Literal["day", "hour"]
    looked_at: int
    complete: bool
    totals: list[Measures]
    over_time: list[MeasuresAt]
    confusion: list[Confused]


class Answered(Schema):
    at: datetime
    version: str
    label: str | None
    count: int
    mean_score: float | None
    min_value: float | None
    max_value: float | None
    mean_value: float | None


class Distribution(Schema):
    """What succeeded, by label; where `looked_at` was too many, of the newest of them."""

    model: str
    version: str | None
    by: Literal["day", "hour"]
    looked_at: int
    complete: bool
    over_time: list[Answered]
