"""What the server answers, typed; fields that this client does not know are kept."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

ENDS = frozenset({"succeeded", "failed", "canceled"})


class Result(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())


class Metrics(Result):
    """Times are seconds; `batch_size` is how many rows ran through the model together."""

    queue_time: float | None = None
    preprocess_time: float | None = None
    predict_time: float | None = None
    total_time: float | None = None
    batch_size: int | None = None


class Prediction(Result):
    """One job as the server last told of it.

    `status` is `starting`, `processing`, `succeeded`, `failed` or `canceled`; `stage` is finer.
    `input` is None where it was large: then it stands at `urls["input"]`. A large `output` is
    fetched with the prediction; only from a list or a bulk it is None, until `wait` brings it.
    `version` is the global form, `digits:2`; `cache` is `hit`, `miss` or `joined`. While it waits,
    `get` tells its `queue_position`, 1 being the next; from `expires_at` on there is no output.
    """

    id: str
    status: str
    model: str | None = None
    version: str | None = None
    stage: str | None = None
    input: Any = None
    output: Any = None
    error: str | None = None
    error_code: str | None = None
    logs: str | None = None
    metrics: Metrics = Field(default_factory=Metrics)
    cache: str | None = None
    attempts: int | None = None
    priority: str | None = None
    metadata: dict[str, Any] | None = None
    urls: dict[str, str | None] = Field(default_factory=dict)
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    deadline_at: datetime | None = None
    expires_at: datetime | None = None
    queue_position: int | None = None
    estimated_start: datetime | None = None

    @property
    def done(self) -> bool:
        """Whether it came to one of its ends, which never changes."""
        return self.status in ENDS

    @property
    def succeeded(self) -> bool:
        return self.status == "succeeded"


class ModelVersion(Result):
    """One immutable release: `id` is `digits:2`, `digest` the SHA-256 of its file."""

    id: str | None = None
    version: str | None = None
    digest: str | None = None


class Model(Result):
    """What the server serves under one name; `example` is an input that it accepts.

    `default_version` and the values of `aliases` have the global form, `digits:2`; the schemas
    are those of the default version.
    """

    name: str
    owner: str | None = None
    description: str | None = None
    default_version: str | None = None
    aliases: dict[str, str] = Field(default_factory=dict)
    versions: list[ModelVersion] = Field(default_factory=list)
    example: Any = None
    input_schema: dict[str, Any] | None = None
    output_schema: dict[str, Any] | None = None
    lane: str | None = None
    max_batch_size: int | None = None


class File(Result):
    """An uploaded file; in an input it stands for its content, until `expires_at`."""

    id: str
    name: str | None = None
    content_type: str | None = None
    size: int | None = None
    checksums: dict[str, str] = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime | None = None
    expires_at: datetime | None = None
    urls: dict[str, str] = Field(default_factory=dict)

    @property
    def url(self) -> str:
        """What an input names it by."""
        return self.urls["get"]


class DeliveryAttempt(Result):
    """One attempt: with the HTTP `status` that was answered, or the `error` instead."""

    number: int | None = None
    started_at: datetime | None = None
    seconds: float | None = None
    status: int | None = None
    error: str | None = None
    answer: str | None = None


class Delivery(Result):
    """One webhook: `status` is `pending`, `delivered`, `failed` or `skipped`.

    `id` is the `webhook-id` of each attempt, `prediction` the id of what it tells of.
    """

    id: str
    status: str
    prediction: str | None = None
    event: str | None = None
    url: str | None = None
    error: str | None = None
    attempts: list[DeliveryAttempt] = Field(default_factory=list)
    next_attempt_at: datetime | None = None
    created_at: datetime | None = None
    finished_at: datetime | None = None


class DeliveryPage(Result):
    results: list[Delivery]


class WebhookSecret(Result):
    key: str


class BulkResult(Result):
    """Of one input: the prediction, or the problem for which it was refused."""

    prediction: Prediction | None = None
    problem: dict[str, Any] | None = None


class BulkAnswer(Result):
    results: list[BulkResult]


class PredictionPage(Result):
    """`next` is the address of the following page."""

    results: list[Prediction]
    next: str | None = None


class FilePage(Result):
    results: list[File]
    next: str | None = None


class ModelPage(Result):
    results: list[Model]
    next: str | None = None
