"""The stream of a prediction's events."""

from api.openapi.operation import ID, operation, parameter
from api.openapi.predictions import TAG
from api.openapi.schemas import Prediction
from shared import errors

_EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"enum": ["output", "error", "done", "start", "stage", "completed"]},
        "data": {"type": "string", "description": "JSON, or the URL of a large output."},
    },
    "required": ["id", "event", "data"],
}

STREAM = operation(
    "stream_prediction",
    "Follow a prediction by server-sent events",
    tag=TAG,
    answers={200: ("`output` or `error`, then `done`; each with an `id`.", Prediction)},
    problems=(
        errors.NotFound, errors.InvalidParameter, errors.Unavailable, errors.TooManyStreams,
    ),
    parameters=[
        ID,
        parameter("events", "query", "`all`: `start`, `stage` and `completed` too.",
                  enum=["default", "all"], default="default"),
        parameter("Last-Event-ID", "header", "The last `id` seen: what stands behind it follows."),
    ],
)  # fmt: skip
STREAM["responses"][200]["content"] = {"text/event-stream": {"schema": _EVENT}}
STREAM["responses"][204] = {"description": "`Last-Event-ID` was that of `done`: it is all over."}
