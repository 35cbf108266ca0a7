"""The operations of the Open Inference Protocol, V2 and V1."""

from typing import Any

from pydantic import BaseModel

from api.openapi.inference_schemas import (
    InferenceAnswer,
    InferenceError,
    InferenceRequest,
    InferenceServer,
    InstancePredictions,
    Instances,
    ModelMetadata,
    ModelReady,
    ModelStatistics,
    RepositoryModel,
    RepositoryQuery,
    ServedModels,
    ServerLive,
    ServerReady,
)
from api.openapi.operation import NAMED, Problems, json_content, operation, parameter
from api.openapi.predictions import CACHE_CONTROL, IDEMPOTENCY_KEYS
from shared import errors

TAG = "open inference protocol"

NAME = parameter("name", "path", "A model's name.", **NAMED)
VERSION_NAME = parameter("version", "path", "A version's name or alias.")

HEAD_LENGTH = parameter(
    "Inference-Header-Content-Length",
    "header",
    "Where the JSON ends and the raw bytes of tensors begin.",
    type="integer",
    minimum=0,
)

_MISSING = (errors.ModelNotFound, errors.VersionNotFound)
_BODY = (
    errors.MalformedJson,
    errors.DuplicateKey,
    errors.JsonTooDeep,
    errors.InvalidInput,
    errors.RequestTimeout,
    errors.PayloadTooLarge,
    errors.UnsupportedEncoding,
)
_JOBS = (
    *_BODY,
    errors.UnknownField,
    errors.ShapeMismatch,
    errors.InvalidImage,
    errors.InvalidIdempotencyKey,
    errors.IdempotencyMismatch,
    *_MISSING,
    errors.NotFound,
    errors.InputTooLarge,
    errors.ImageTooLarge,
    errors.UnsupportedImage,
    errors.PredictionFailed,
    errors.Unavailable,
    errors.NotDoneInTime,
    errors.StorageFull,
)


def _operation(
    name: str,
    summary: str,
    answer: type[BaseModel],
    problems: Problems = (),
    *,
    parameters: tuple[dict[str, Any], ...] = (),
    body: type[BaseModel] | None = None,
) -> dict[str, Any]:
    """As any other, but its problems are the protocol's: JSON with `error`, and 400 for 422."""
    sent = {"required": True, "content": json_content(body)} if body else None
    made = operation(
        name,
        summary,
        tag=TAG,
        answers={200: ("It is so.", answer)},
        problems=problems,
        parameters=parameters,
        body=sent,
    )
    responses: dict[int, dict[str, Any]] = made["responses"]
    if (invalid := responses.pop(errors.InvalidInput.status, None)) is not None:
        responses[400]["description"] += f", {invalid['description']}"
    for status, response in responses.items():
        if status != 200:
            response["content"] = json_content(InferenceError)
    return made


_INFERS = (IDEMPOTENCY_KEYS, CACHE_CONTROL)

INFER = _operation(
    "infer",
    "Predict from tensors, by the default version",
    InferenceAnswer,
    _JOBS,
    parameters=(NAME, HEAD_LENGTH, *_INFERS),
    body=InferenceRequest,
)
INFER_VERSION = _operation(
    "infer_version",
    "Predict from tensors, by one version",
    InferenceAnswer,
    _JOBS,
    parameters=(NAME, VERSION_NAME, HEAD_LENGTH, *_INFERS),
    body=InferenceRequest,
)
for _described in (INFER, INFER_VERSION):
    _described["responses"][200]["content"]["application/octet-stream"] = {"schema": {}}

SERVER = _operation("get_inference_server", "The server", InferenceServer)
LIVE = _operation("get_inference_liveness", "Whether the process answers", ServerLive)
READY = _operation(
    "get_inference_readiness",
    "Whether the process can accept a job",
    ServerReady,
    (errors.Unavailable, errors.StorageFull),
)
MODEL = _operation(
    "get_inference_model", "A model's tensors", ModelMetadata, _MISSING, parameters=(NAME,)
)
VERSION = _operation(
    "get_inference_model_version",
    "The tensors of one version",
    ModelMetadata,
    _MISSING,
    parameters=(NAME, VERSION_NAME),
)
MODEL_READY = _operation(
    "get_model_readiness", "Whether a model is served", ModelReady, _MISSING, parameters=(NAME,)
)
VERSION_READY = _operation(
    "get_model_version_readiness",
    "Whether a version is served",
    ModelReady,
    _MISSING,
    parameters=(NAME, VERSION_NAME),
)
_STATISTICS = (*_MISSING, errors.Unavailable)
ALL_STATISTICS = _operation(
    "get_all_inference_statistics",
    "How much was predicted by every model",
    ModelStatistics,
    (errors.Unavailable,),
)
MODEL_STATISTICS = _operation(
    "get_inference_statistics",
    "How much was predicted by each version of a model",
    ModelStatistics,
    _STATISTICS,
    parameters=(NAME,),
)
VERSION_STATISTICS = _operation(
    "get_version_inference_statistics",
    "How much was predicted by one version",
    ModelStatistics,
    _STATISTICS,
    parameters=(NAME, VERSION_NAME),
)
INDEX = _operation(
    "index_repository",
    "Every version of every model",
    RepositoryModel,
    _BODY,
    body=RepositoryQuery,
)
INDEX["openapi_extra"]["requestBody"]["required"] = False
INDEX["responses"][200]["content"]["application/json"]["schema"] = {
    "type": "array",
    "items": {"$ref": "#/components/schemas/RepositoryModel"},
}
LOAD = _operation(
    "load_model", "Does nothing: models are loaded", ModelReady, _MISSING, parameters=(NAME,)
)
UNLOAD = _operation(
    "unload_model",
    "Refused: models are served until a restart",
    ModelReady,
    _MISSING,
    parameters=(NAME,),
)
V1_MODELS = _operation("list_v1_models", "Names of the models", ServedModels)
V1_MODEL = _operation(
    "get_v1_model", "Whether a model is served", ModelReady, _MISSING, parameters=(NAME,)
)
V1_PREDICT = _operation(
    "predict_instances",
    "Predict from instances",
    InstancePredictions,
    _JOBS,
    parameters=(NAME, *_INFERS),
    body=Instances,
)
