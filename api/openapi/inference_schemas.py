"""Schemas of the Open Inference Protocol. Documentation only, as all of them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.openapi.schemas import ProblemField


class _Open(BaseModel):
    """The protocol leaves room for more; what is not known is ignored."""

    model_config = ConfigDict(extra="allow")


class RequestTensor(_Open):
    name: str
    datatype: Literal["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32",
                      "INT64", "FP16", "FP32", "FP64", "BYTES"]  # fmt: skip
    shape: list[int]
    parameters: dict[str, Any] | None = Field(
        default=None, description="`binary_data_size`: so many bytes of it follow the JSON."
    )
    data: list[Any] = Field(default=[], description="Flat in row-major order, or nested.")


class RequestedOutput(_Open):
    name: str
    parameters: dict[str, Any] | None = Field(
        default=None, description="`binary_data`: wanted as raw bytes behind the JSON."
    )


class InferenceRequest(_Open):
    """Tensors, as the model's metadata names them."""

    id: str | None = None
    inputs: list[RequestTensor] = Field(min_length=1)
    outputs: list[RequestedOutput] | None = Field(default=None, description="By default all.")
    parameters: dict[str, Any] | None = Field(
        default=None,
        description="`priority` 1 high, 2 normal, 3 low; `timeout` in µs; `binary_data_output`.",
    )


class AnsweredTensor(_Open):
    name: str
    datatype: str
    shape: list[int]


class InferenceAnswer(_Open):
    model_name: str
    model_version: str
    outputs: list[AnsweredTensor]


class InferenceError(BaseModel):
    """A problem of RFC 9457, and `error`, which the protocol's clients read."""

    error: str
    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[ProblemField] = Field(default=[])
    predictions: list[str] = Field(
        default=[], description="Where the predictions stand that have no answer here."
    )


class InferenceServer(BaseModel):
    name: str
    version: str
    extensions: list[str]


class ServerLive(BaseModel):
    live: Literal[True]


class ServerReady(BaseModel):
    ready: Literal[True]


class ModelReady(BaseModel):
    name: str
    ready: Literal[True]


class TensorMetadata(BaseModel):
    name: str
    datatype: str
    shape: list[int] = Field(description="-1: any size.")


class ModelMetadata(BaseModel):
    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class Duration(BaseModel):
    count: int
    ns: int


class InferenceStatistics(BaseModel):
    success: Duration
    fail: Duration
    queue: Duration
    compute_input: Duration
    compute_infer: Duration
    compute_output: Duration
    cache_hit: Duration
    cache_miss: Duration


class VersionStatistics(BaseModel):
    name: str
    version: str
    last_inference: int = Field(description="Milliseconds since 1970.")
    inference_count: int
    execution_count: int = Field(description="Runs of the model, about.")
    inference_stats: InferenceStatistics
    batch_stats: list[Any]


class ModelStatistics(BaseModel):
    """Of the newest predictions: 10,000 of each version are looked at."""

    model_stats: list[VersionStatistics]


class RepositoryQuery(_Open):
    ready: bool = False


class RepositoryModel(BaseModel):
    name: str
    version: str
    state: Literal["READY", "UNAVAILABLE"]
    reason: str


class ServedModels(BaseModel):
    models: list[str]


class Instances(_Open):
    instances: list[Any] = Field(min_length=1, max_length=1000)


class InstancePredictions(BaseModel):
    predictions: list[Any]
