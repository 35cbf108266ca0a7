"""Every error that the client raises by itself.

QueuecastError
├── UnencodableInput        the input is nothing that JSON can hold; nothing was sent (a ValueError)
├── ConnectionFailed        no answer, after all retries
├── UnexpectedAnswer        something answered that does not speak Queuecast's protocol
├── ApiError                the server answered with a problem (RFC 9457)
│   ├── InvalidRequest      400, 413, 415, 422
│   │   ├── InvalidInput    the input does not fit the model: `errors` names the fields
│   │   └── IdMismatch      this id already belongs to another request
│   ├── NotAuthorized       401, 403
│   ├── NotFound            404
│   │   └── ModelNotFound   no such model or version
│   ├── RateLimited         429, after all retries
│   └── Unavailable         502, 503, 504, 507, after all retries
├── WebhookInvalid          a webhook is not genuine, or too old; raised at its receiver
├── WaitTimeout             the prediction is not done yet; it goes on
└── PredictionFailed        the prediction ended as failed or canceled
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queuecast.results import Prediction


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused field; `pointer` is a JSON pointer into the request body: `/input/image`."""

    pointer: str
    detail: str


class QueuecastError(Exception):
    """Root of the tree; `str()` is one line for a reader."""

    type: str = "error"

    def problem(self) -> dict[str, Any]:
        """The error as the members of a problem document (RFC 9457)."""
        return {"type": self.type, "title": type(self).__name__, "detail": str(self)}


class UnencodableInput(QueuecastError, ValueError):
    type = "unencodable-input"


class ConnectionFailed(QueuecastError):
    type = "connection-failed"


class UnexpectedAnswer(QueuecastError):
    type = "unexpected-answer"


class WebhookInvalid(QueuecastError):
    type = "webhook-invalid"


class ApiError(QueuecastError):
    """The server's own words: `type` is the last word of its problem type, `status` is HTTP's."""

    def __init__(
        self,
        *,
        status: int,
        type: str,
        title: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        request_id: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        # The detail repeats the first field where it is all there is to say.
        fields = [f"{one.pointer}: {one.detail}" for one in errors if one.detail not in detail]
        super().__init__("; ".join([detail or title, *fields]))
        self.status, self.type, self.title, self.detail = status, type, title, detail
        self.errors = tuple(errors)
        self.request_id = request_id
        self.retry_after_seconds = retry_after_seconds

    def problem(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "errors": [asdict(error) for error in self.errors],
            "request_id": self.request_id,
        }


class InvalidRequest(ApiError):
    pass


class InvalidInput(InvalidRequest):
    pass


class IdMismatch(InvalidRequest):
    pass


class NotAuthorized(ApiError):
    pass


class NotFound(ApiError):
    pass


class ModelNotFound(NotFound):
    pass


class RateLimited(ApiError):
    pass


class Unavailable(ApiError):
    pass


class WaitTimeout(QueuecastError):
    """`prediction` is the last that was seen of it."""

    type = "wait-timeout"

    def __init__(self, prediction: Prediction) -> None:
        stage = prediction.stage or prediction.status
        super().__init__(f"prediction {prediction.id} is not done yet ({stage}); it goes on")
        self.prediction = prediction


class PredictionFailed(QueuecastError):
    """`prediction` ended without an output: its `error_code` and `error` say why."""

    type = "prediction-failed"

    def __init__(self, prediction: Prediction) -> None:
        reason = ": ".join(filter(None, (prediction.error_code, prediction.error)))
        ended = f"prediction {prediction.id} {prediction.status}"
        super().__init__(f"{ended}: {reason}" if reason else ended)
        self.prediction = prediction
