"""Every error that Queuecast names.

    QueuecastError
    ├── RequestError            the caller's mistake: 4xx, a retry does not help
    │   ├── MalformedJson  DuplicateKey  JsonTooDeep
    │   ├── UnsupportedMediaType  UnsupportedEncoding  PayloadTooLarge
    │   ├── UriTooLong  HeadersTooLarge  MethodNotAllowed  RequestTimeout
    │   ├── InvalidInput
    │   │   └── UnknownField  ShapeMismatch  InputTooLarge
    │   │       InvalidImage  ImageTooLarge  UnsupportedImage
    │   ├── InvalidModelName  InvalidParameter  InvalidIdempotencyKey  IdempotencyMismatch
    │   └── NotFound
    │       └── ModelNotFound  VersionNotFound
    ├── BusyError               try again later: 503, 507
    │   └── Unavailable  StorageFull
    ├── StartupRefused          a process will not start, in one line
    │   └── ModelRefused        one model is not served, the others are
    ├── JobFailed               a job's own end; it is data, never an HTTP error
    └── JobInputGone  WorkTakenAway   a worker lets go of the job; never an HTTP error

An error knows its HTTP status, its problem type and whether a retry can help; one handler in
`api/error_responses.py` renders them all (RFC 9457).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that was refused: `pointer` is a JSON pointer (RFC 6901) into the request body."""

    pointer: str
    detail: str


class QueuecastError(Exception):
    """Root of the tree. `detail` is shown to the caller and never echoes what was sent."""

    type: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after_seconds = retry_after_seconds


class RequestError(QueuecastError):
    type, title, status = "bad-request", "Bad request", 400


class MalformedJson(RequestError):
    type, title, status = "malformed-json", "The body is not valid JSON", 400


class DuplicateKey(RequestError):
    type, title, status = "duplicate-key", "A JSON object has a key twice", 400


class JsonTooDeep(RequestError):
    type, title, status = "json-too-deep", "The JSON is nested too deeply", 400


class UnsupportedMediaType(RequestError):
    type, title, status = "unsupported-media-type", "Unsupported media type", 415


class UnsupportedEncoding(RequestError):
    type, title, status = "unsupported-encoding", "Unsupported content encoding", 415


class PayloadTooLarge(RequestError):
    type, title, status = "payload-too-large", "The body is too large", 413


class UriTooLong(RequestError):
    type, title, status = "uri-too-long", "The URL is too long", 414


class HeadersTooLarge(RequestError):
    type, title, status = "headers-too-large", "The request headers are too large", 431


class MethodNotAllowed(RequestError):
    type, title, status = "method-not-allowed", "Method not allowed", 405


class RequestTimeout(RequestError):
    type, title, status = "request-timeout", "The body did not arrive in time", 408


class InvalidInput(RequestError):
    type, title, status = "invalid-input", "The input is not valid", 422


class UnknownField(InvalidInput):
    type, title = "unknown-field", "The body has a field that is not known"


class ShapeMismatch(InvalidInput):
    type, title = "shape-mismatch", "A tensor has the wrong shape or type"


class InvalidImage(InvalidInput):
    type, title = "invalid-image", "The image cannot be read"


class ImageTooLarge(InvalidInput):
    type, title, status = "image-too-large", "The image is too large", 413


class UnsupportedImage(InvalidInput):
    type, title, status = "unsupported-image", "The image format is not supported", 415


class InputTooLarge(InvalidInput):
    type, title, status = "input-too-large", "The input is too large for this model", 413


class InvalidModelName(RequestError):
    type, title, status = "invalid-model-name", "The model name is not valid", 422


class InvalidParameter(RequestError):
    type, title, status = "invalid-parameter", "A parameter is not valid", 422


class InvalidIdempotencyKey(RequestError):
    type, title, status = "invalid-idempotency-key", "The idempotency key is not valid", 422


class IdempotencyMismatch(RequestError):
    type, title, status = "idempotency-mismatch", "The same id or key came with another body", 422


class NotFound(RequestError):
    type, title, status = "not-found", "Not found", 404


class ModelNotFound(NotFound):
    type, title = "model-not-found", "No such model"


class VersionNotFound(NotFound):
    type, title = "version-not-found", "No such model version"


class BusyError(QueuecastError):
    retryable = True


class Unavailable(BusyError):
    type, title, status = "unavailable", "The service cannot accept jobs now", 503


class StorageFull(BusyError):
    type, title, status = "storage-full", "The storage is full", 507


class StartupRefused(QueuecastError):
    """A process refuses to start; `detail` is the one line that the operator reads."""


class ModelRefused(StartupRefused):
    """One model is not served; the others are."""


class JobFailed(QueuecastError):
    """A job came to a failure that running it again would not cure.

    `code` is a word of `shared.domain.failures`; `detail` is stored and shown to the client.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class WorkTakenAway(QueuecastError):
    """This worker was silent too long: what it runs belongs to others now."""


class JobInputGone(QueuecastError):
    """The copy that a worker was pointed to is gone: hand the job back, SQL has the original."""
