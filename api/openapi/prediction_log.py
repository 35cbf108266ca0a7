"""The operations on the prediction log."""

from typing import Any

from api.openapi.log_schemas import (
    Accuracy,
    Distribution,
    Feedback,
    FeedbackResults,
    LoggedPrediction,
    LogPage,
    NewFeedback,
    NewFeedbackList,
)
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
from shared import errors

TAG = "prediction log"

_READS = (errors.InvalidParameter, errors.Unavailable)
_WRITES = (
    *_READS,
    errors.StorageFull,
    errors.MalformedJson,
    errors.DuplicateKey,
    errors.JsonTooDeep,
    errors.RequestTimeout,
    errors.PayloadTooLarge,
    errors.UnsupportedMediaType,
    errors.UnsupportedEncoding,
    errors.InvalidInput,
    errors.UnknownField,
)

_NAME = parameter("model", "query", "Of this model only.", **NAMED)
_VERSION = parameter("version", "query", "Of this release only.", **NAMED_VERSION)
_WITHIN = (
    parameter("completed_after", "query", "Ended then or later.", format="date-time"),
    parameter("completed_before", "query", "Ended then or earlier.", format="date-time"),
)
_BY = parameter("by", "query", "The spans of time, in UTC.", enum=["day", "hour"], default="day")

FILTERS = (
    _NAME,
    _VERSION,
    parameter("status", "query", "How it ended.", enum=["succeeded", "failed", "canceled"]),
    parameter("error_code", "query", "Why it failed.", pattern="^[a-z][a-z0-9_]{0,31}$"),
    parameter("cache", "query", "Whether it ran.", enum=["miss", "hit", "joined"]),
    parameter("label", "query", "What it answered; with `model` only.", minLength=1, maxLength=64),
    parameter("input_hash", "query", "What it was asked.", pattern="^[0-9a-f]{64}$"),
    *_WITHIN,
)

LIST = operation(
    "list_prediction_log",
    "What was predicted, newest first",
    tag=TAG,
    answers={200: ("One page; a short one may have a `next`.", LogPage)},
    problems=_READS,
    parameters=[*FILTERS, LIMIT, CURSOR],
)
EXPORT = operation(
    "export_prediction_log",
    "Download the log",
    tag=TAG,
    answers={200: ("All that is wanted, newest first; sent as it is read.", LogPage)},
    problems=(errors.TooManyStreams, *_READS),
    parameters=[
        *FILTERS,
        parameter("format", "query", "CSV or JSON lines.", enum=["csv", "jsonl"], default="csv"),
    ],
)
_TEXT = {"schema": {"type": "string"}}
EXPORT["responses"][200]["content"] = {"text/csv": _TEXT, "application/jsonl": _TEXT}
READ = operation(
    "get_logged_prediction",
    "One row of the log, with its output",
    tag=TAG,
    answers={200: ("As it was written at the prediction's end.", LoggedPrediction)},
    problems=(errors.NotFound, *_READS),
    parameters=[ID],
)
DISTRIBUTION = operation(
    "get_distribution",
    "How often each label was answered, over time",
    tag=TAG,
    answers={200: ("By version, label and time.", Distribution)},
    problems=_READS,
    parameters=[_NAME | {"required": True}, _VERSION, _BY, *_WITHIN],
)
GIVE = operation(
    "give_feedback",
    "Say what is true of a prediction",
    tag=TAG,
    answers={200: ("As it stands now; the last that was said counts.", Feedback)},
    problems=(errors.NotFound, errors.InvalidState, *_WRITES),
    parameters=[ID],
    body={"required": True, "content": json_content(NewFeedback)},
)
GIVE_MANY = operation(
    "give_feedback_on_many",
    "Say what is true of up to 1,000 predictions",
    tag=TAG,
    answers={200: ("A result for each, in their order.", FeedbackResults)},
    problems=_WRITES,
    body={"required": True, "content": json_content(NewFeedbackList)},
)
_ACCURACY: dict[str, Any] = {
    "tag": TAG,
    "problems": (errors.ModelNotFound, *_READS),
    "parameters": [MODEL, _VERSION, _BY, *_WITHIN],
}
ACCURACY = operation(
    "get_accuracy",
    "How right a model was, over time",
    answers={200: ("By version, as far as there is feedback.", Accuracy)},
    **_ACCURACY,
)
ACCURACY_PICTURE = operation(
    "get_accuracy_picture",
    "The same as a picture",
    answers={200: ("SVG.", Accuracy)},
    **_ACCURACY,
)
_SVG = {"image/svg+xml": {"schema": {"type": "string"}}}
ACCURACY_PICTURE["responses"][200]["content"] = _SVG
