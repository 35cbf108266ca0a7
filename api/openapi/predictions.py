"""The operations on predictions."""

from typing import Any

from api.openapi.operation import (
    CURSOR,
    ID,
    LIMIT,
    MODEL,
    NAMED,
    NAMED_VERSION,
    json_content,
    operation,
    parameter,
)
from api.openapi.schemas import (
    BulkResults,
    NewPrediction,
    NewPredictionForModel,
    NewPredictions,
    Prediction,
    PredictionPage,
)
from shared import errors

TAG = "predictions"

IDEMPOTENCY_KEY = parameter(
    "Idempotency-Key",
    "header",
    "The same key with the same body gives the same job; with another body it is refused.",
    maxLength=255,
)

PREFER = parameter(
    "Prefer",
    "header",
    "`wait=SECONDS` (RFC 7240): the answer waits for the end, 60 s at most. `wait`: that long.",
)

CACHE_CONTROL = parameter(
    "Cache-Control",
    "header",
    "`no-cache`: a run of its own. `no-store`: one whose result serves nobody else either.",
)

IDEMPOTENCY_KEYS = parameter(
    "Idempotency-Key",
    "header",
    "Makes a key for each input from its place: the same request again gives the same jobs.",
    maxLength=255,
)

_REFUSALS_OF_ALL = (
    errors.MalformedJson,
    errors.DuplicateKey,
    errors.JsonTooDeep,
    errors.ModelNotFound,
    errors.VersionNotFound,
    errors.RequestTimeout,
    errors.PayloadTooLarge,
    errors.UnsupportedMediaType,
    errors.UnsupportedEncoding,
    errors.InvalidInput,
    errors.UnknownField,
    errors.InvalidModelName,
    errors.InvalidParameter,
    errors.InvalidIdempotencyKey,
    errors.QueueFull,
    errors.InvalidWebhookUrl,
    errors.WebhookAddressForbidden,
    errors.Unavailable,
    errors.StorageFull,
)
_REFUSALS = (
    *_REFUSALS_OF_ALL,
    errors.InputTooLarge,
    errors.ImageTooLarge,
    errors.UnsupportedImage,
    errors.ShapeMismatch,
    errors.InvalidImage,
    errors.IdempotencyMismatch,
)

_ACCEPTED = {
    202: ("Accepted: it is stored, and will be predicted.", Prediction),
    200: (
        "It has ended: its result was known, came while the answer waited, or this was sent again.",
        Prediction,
    ),
}

_LOOKS = (errors.NotFound, errors.InvalidParameter, errors.Unavailable)


def _body(schema: type[NewPredictionForModel]) -> dict[str, Any]:
    form = {
        "type": "object",
        "properties": {"input": {"type": "object"}},
        "additionalProperties": {"type": "string", "format": "binary"},
        "description": "The fields of the JSON body; files are input fields of their part's name.",
    }
    content = {**json_content(schema), "multipart/form-data": {"schema": form}}
    return {"required": True, "content": content}


CREATE = operation(
    "create_prediction",
    "Submit a prediction",
    tag=TAG,
    answers=_ACCEPTED,
    problems=_REFUSALS,
    parameters=[IDEMPOTENCY_KEY, PREFER, CACHE_CONTROL],
    body=_body(NewPrediction),
)
CREATE_FOR_MODEL = operation(
    "create_prediction_for_model",
    "Submit a prediction to one model",
    tag=TAG,
    answers=_ACCEPTED,
    problems=_REFUSALS,
    parameters=[MODEL, IDEMPOTENCY_KEY, PREFER, CACHE_CONTROL],
    body=_body(NewPredictionForModel),
)
PUT = operation(
    "put_prediction",
    "Submit a prediction under your own id",
    tag=TAG,
    answers=_ACCEPTED,
    problems=(*_REFUSALS, errors.NotFound),
    parameters=[ID, IDEMPOTENCY_KEY, PREFER, CACHE_CONTROL],
    body=_body(NewPrediction),
)
CREATE_MANY = operation(
    "create_predictions",
    "Submit up to 1,000 predictions",
    tag=TAG,
    answers={
        202: ("Each input was accepted or refused for itself.", BulkResults),
        200: ("The same; none of them is pending.", BulkResults),
    },
    problems=_REFUSALS_OF_ALL,
    parameters=[IDEMPOTENCY_KEYS, CACHE_CONTROL],
    body={"required": True, "content": json_content(NewPredictions)},
)
READ = operation(
    "get_prediction",
    "Look at a prediction, or wait for it",
    tag=TAG,
    answers={200: ("As it stands; `Retry-After` while it is pending.", Prediction)},
    problems=_LOOKS,
    parameters=[
        ID,
        parameter("wait", "query", "Answer when it has ended, after so many seconds at the "
                  "latest; 60 at most.", type="number", minimum=0),
        parameter("If-None-Match", "header", "An `ETag` seen before: 304 while nothing changed."),
    ],
)  # fmt: skip
READ["responses"][304] = {"description": "It stands as the `ETag` says."}
CANCEL = operation(
    "cancel_prediction",
    "Cancel a prediction",
    tag=TAG,
    answers={200: ("As it stands now; one that had ended has not changed.", Prediction)},
    problems=(*_LOOKS, errors.StorageFull),
    parameters=[ID],
)
READ_INPUT = operation(
    "get_prediction_input",
    "The input as it was sent",
    tag=TAG,
    answers={200: ("The `input` field of the request.", Prediction)},
    problems=(*_LOOKS, errors.Expired),
    parameters=[ID],
)
READ_INPUT["responses"][200]["content"] = {"application/json": {"schema": {}}}
READ_OUTPUT = operation(
    "get_prediction_output",
    "The output alone",
    tag=TAG,
    answers={200: ("The `output` field of the prediction, however large.", Prediction)},
    problems=(*_LOOKS, errors.Expired),
    parameters=[ID],
)
READ_OUTPUT["responses"][200]["content"] = {"application/json": {"schema": {}}}
LIST = operation(
    "list_predictions",
    "Predictions, newest first",
    tag=TAG,
    answers={200: ("One page.", PredictionPage)},
    problems=_LOOKS[1:],
    parameters=[
        LIMIT,
        CURSOR,
        parameter("model", "query", "Of this model.", **NAMED),
        parameter("version", "query", "Of this version, `name:version`; not with another `model`.",
                  **NAMED_VERSION),
        parameter("status", "query", "`starting` and `processing` both find all that have not "
                  "ended.", enum=["starting", "processing", "succeeded", "failed", "canceled"]),
        parameter("created_after", "query", "Created then or later.", format="date-time"),
        parameter("created_before", "query", "Created then or earlier.", format="date-time"),
        parameter("metadata.KEY", "query", "With this value in `metadata`; KEY stands for any key "
                  "of yours. Text as it is, other values as in JSON: `7`, `true`, `null`."),
    ],
)  # fmt: skip
