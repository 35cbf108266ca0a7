"""Schemas of what goes over the wire. Documentation only: the hot paths never build these."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

WebhookEvent = Literal["start", "output", "logs", "completed"]
Metadata = dict[str, str | int | float | bool | None]


class Schema(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Options(Schema):
    priority: Literal["high", "normal", "low"] | None = "normal"
    deadline_seconds: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="A job that has not ended by then fails as `deadline_exceeded`."
    )
    metadata: Metadata | None = Field(
        default=None, description="The client's own notes: at most 16 keys, 4 kB, flat."
    )
    webhook: str | None = Field(
        default=None, max_length=2048, description="An https URL that is sent the prediction."
    )
    webhook_events_filter: list[WebhookEvent] | None = Field(
        default=None,
        min_length=1,
        description="When `webhook` is called; by default at the end, `completed`. `output` and "
        "`logs` come with that.",
    )
    webhook_completed: str | None = Field(
        default=None, max_length=2048, description="Instead of `webhook`: called at the end."
    )
    stream: bool | None = Field(default=None, description="Accepted and ignored.")


_ONE_OF_TWO: list[JsonValue] = [
    {"required": [given], "properties": {given: {"type": "string"}, other: {"type": "null"}}}
    for given, other in (("model", "version"), ("version", "model"))
]


class _Served(Schema):
    model_config = ConfigDict(json_schema_extra={"oneOf": _ONE_OF_TWO})

    model: str | None = Field(
        default=None,
        description="`name`, `name:version` or `name@alias`.",
        json_schema_extra={"pattern": "^[a-z0-9][a-z0-9._-]*([:@][a-z0-9][a-z0-9._-]*)?$"},
    )
    version: str | None = Field(
        default=None,
        description="`name:version` or the version's 64-hex digest.",
        json_schema_extra={"pattern": "^([a-z0-9][a-z0-9._-]*:[a-z0-9][a-z0-9._-]*|[0-9a-f]{64})$"},
    )


class NewPredictionForModel(_Options):
    """What is to be predicted."""

    input: JsonValue = Field(description="As the model's `input_schema` says.")


class NewPrediction(_Served, NewPredictionForModel):
    """What is to be predicted, and by which model: exactly one of `model` and `version`."""


class NewPredictions(_Served, _Options):
    """Many inputs of one model, each a prediction of its own; the options hold for all."""

    inputs: list[JsonValue] = Field(
        min_length=1, max_length=1000, description="Each as the model's `input_schema` says."
    )


class Metrics(Schema):
    """Measured times in seconds; what was not reached is left out."""

    queue_time: float | None = None
    preprocess_time: float | None = None
    predict_time: float | None = None
    total_time: float | None = None
    batch_size: int | None = Field(default=None, description="Rows in the same run of the model.")


class PredictionUrls(Schema):
    get: str
    cancel: str
    stream: str
    input: str
    output: str = Field(default="", description="Only where `output` has more than 64 KiB.")


class Prediction(Schema):
    """One job. A model's failure is data: `status` says `failed`, the HTTP status stays 200."""

    id: str
    model: str
    version: str = Field(description="`name:version`.")
    status: Literal["starting", "processing", "succeeded", "failed", "canceled"]
    stage: str = Field(description="Finer than `status`.")
    priority: Literal["high", "normal", "low"]
    input: Any = Field(description="null where it has more than 1 KiB: see `urls.input`.")
    output: Any = Field(
        description="As the model's `output_schema` says; null where it has more than 64 KiB: see "
        "`urls.output`."
    )
    error: str | None
    error_code: str | None
    logs: str | None
    metrics: Metrics
    metadata: Metadata | None
    cache: Literal["hit", "miss", "joined"]
    attempts: int
    queue_position: int | None = Field(
        description="Of one that waits: 1 is the next to run. Told to a look at it alone."
    )
    estimated_start: datetime | None = Field(
        description="When it should run, by how fast the queue moves; null while that is not known."
    )
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    deadline_at: datetime | None
    expires_at: datetime | None = Field(
        description="Then its output is not kept any longer; null while that is not known."
    )
    retry_of: str = Field(
        default="", description="The dead letter that it is a retry of; left out elsewhere."
    )
    urls: PredictionUrls


class PredictionPage(Schema):
    """Newest first; `next` leads to older ones."""

    next: str | None
    previous: str | None
    results: list[Prediction]


class Tensor(Schema):
    name: str
    dtype: str
    shape: list[int | str | None]


class ModelVersion(Schema):
    id: str = Field(description="`name:version`, as a prediction's `version` says.")
    version: str
    digest: str = Field(description="SHA-256 of the ONNX file.")
    is_default: bool
    aliases: list[str]
    inputs: list[Tensor]
    outputs: list[Tensor]


class ModelVersionDetail(ModelVersion):
    model: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    created_at: datetime = Field(description="When its file was written.")
    cog_version: str = Field(description="Empty, for clients that want it.")
    openapi_schema: dict[str, Any] = Field(description="Both schemas as Cog gives them.")


class ModelVersionPage(Schema):
    next: str | None
    previous: str | None
    results: list[ModelVersionDetail]


class ModelUrls(Schema):
    get: str
    versions: str
    predictions: str


class Model(Schema):
    name: str
    owner: str
    description: str
    default_version: str
    aliases: dict[str, str]
    versions: list[ModelVersion]
    example: Any = Field(description="A valid input.")
    input_schema: dict[str, Any] = Field(description="JSON Schema 2020-12.")
    output_schema: dict[str, Any] = Field(description="JSON Schema 2020-12.")
    lane: str
    max_batch_size: int
    timeout_seconds: float
    input_max_bytes: int
    urls: ModelUrls
    url: str
    visibility: Literal["private"]
    run_count: int = Field(description="0, for clients that want it: runs are not counted here.")
    latest_version: ModelVersionDetail = Field(description="The default version.")


class ModelPage(Schema):
    next: str | None
    previous: str | None
    results: list[Model]


class FileUrls(Schema):
    get: str = Field(description="Stands for the file in an input, as `content` does.")
    content: str


class File(Schema):
    """An uploaded file, which inputs may name until `expires_at`."""

    id: str
    name: str
    content_type: str
    size: int
    etag: str
    checksums: dict[str, str] = Field(examples=[{"sha256": "…"}])
    metadata: Metadata
    created_at: datetime
    expires_at: datetime
    urls: FileUrls


class FilePage(Schema):
    """Newest first; `next` leads to older ones."""

    next: str | None
    previous: None
    results: list[File]


class ProblemField(Schema):
    pointer: str = Field(description="JSON pointer into the body, or a parameter's name.")
    detail: str


class Problem(Schema):
    """RFC 9457."""

    type: str = Field(examples=["/problems/invalid-input"])
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[ProblemField] = Field(default=[])


class Refusal(Schema):
    """Why an input was refused: a problem without the members that name the request."""

    type: str = Field(examples=["/problems/invalid-input"])
    title: str
    status: int = Field(description="What a request with this input alone is answered.")
    detail: str
    errors: list[ProblemField] = Field(default=[])


class AcceptedInput(Schema):
    prediction: Prediction


class RefusedInput(Schema):
    problem: Refusal


class BulkResults(Schema):
    """In the order of the inputs."""

    accepted: int
    refused: int
    results: list[AcceptedInput | RefusedInput]


class WebhookSecret(Schema):
    key: str = Field(description="`whsec_…`: what verifies the signature of each webhook.")


class NewWebhookTest(Schema):
    url: str = Field(max_length=2048, description="Where a test event is sent to.")


class DeliveryAttempt(Schema):
    """One attempt: with the HTTP `status` that was answered, or the `error` instead."""

    number: int
    started_at: datetime
    seconds: float
    status: int | None
    error: str | None
    answer: str | None = Field(description="The first KiB of the receiver's body, escaped.")


class DeliveryUrls(Schema):
    get: str
    replay: str
    prediction: str = Field(default="", description="Left out for a test event.")


class Delivery(Schema):
    """One webhook. `id` is the `webhook-id` of each of its attempts."""

    id: str
    prediction: str | None = Field(description="The prediction's id; null for a test event.")
    event: Literal["start", "completed", "test"]
    url: str
    status: Literal["pending", "delivered", "failed", "skipped"]
    error: str | None = Field(description="Why the last attempt got no answer, or none was made.")
    attempts: list[DeliveryAttempt] = Field(description="The last 50, oldest first.")
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    urls: DeliveryUrls


class DeliveryPage(Schema):
    next: str | None
    previous: str | None
    results: list[Delivery]


class Endpoint(Schema):
    """A URL that fails: `disabled` once it has answered 410, or failed for five days."""

    id: str
    url: str
    status: Literal["failing", "disabled", "enabled"]
    reason: Literal["gone", "failing"] | None
    failing_since: datetime | None
    disabled_at: datetime | None
    urls: dict[str, str]


class EndpointPage(Schema):
    next: str | None
    previous: str | None
    results: list[Endpoint]


class DeadLetterUrls(Schema):
    get: str
    retry: str
    prediction: str
    retried_as: str = Field(default="", description="Left out until it is retried.")


class DeadLetter(Schema):
    """A job that failed for no fault of its input's. Its id is the prediction's."""

    id: str
    model: str
    version: str = Field(description="`name:version`.")
    error_code: str
    error: str | None
    attempts: int
    crashes: int = Field(description="How many workers died while they ran it.")
    has_input: bool = Field(description="Whether its input is kept still, so that it can run.")
    retry_of: str | None = Field(description="The letter of which this job was the retry.")
    retried_as: str | None = Field(description="The prediction that is its retry.")
    created_at: datetime
    died_at: datetime
    urls: DeadLetterUrls


class DeadLetterPage(Schema):
    next: str | None
    previous: None
    results: list[DeadLetter]


class DeadLettersRetried(Schema):
    retried: int
    more: bool = Field(description="Whether others that fit may be left.")


class DeadLettersPurged(Schema):
    purged: int
    more: bool = Field(description="Whether others that fit may be left.")


class Health(Schema):
    status: Literal["ok"]


class SystemHealth(BaseModel):
    """`status` is `ok` when every component is."""

    status: Literal["ok", "degraded"]
    components: dict[str, dict[str, Any]]
    backlogs: list[dict[str, Any]]
    models: dict[str, Any]


class Alive(Schema):
    status: Literal["alive"]
    links: dict[str, str]
