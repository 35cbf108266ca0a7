"""Every error that Queuecast names.

    QueuecastError
    ├── RequestError            the caller's mistake: 4xx, a retry does not help
    │   ├── MalformedJson  DuplicateKey  JsonTooDeep
    │   ├── UnsupportedMediaType  UnsupportedEncoding  PayloadTooLarge
    │   ├── UriTooLong  HeadersTooLarge  MethodNotAllowed  RequestTimeout  LengthRequired
    │   ├── Unauthorized  Forbidden  BadHost  CrossOrigin
    │   ├── InvalidInput
    │   │   └── UnknownField  ShapeMismatch  InputTooLarge
    │   │       InvalidImage  ImageTooLarge  UnsupportedImage
    │   │       InvalidWebhookUrl  WebhookAddressForbidden
    │   ├── InvalidModelName  InvalidParameter  InvalidIdempotencyKey  IdempotencyMismatch
    │   ├── Expired
    │   └── NotFound
    │       └── ModelNotFound  VersionNotFound
    ├── BusyError               try again later: 409, 429, 503, 507
    │   └── Unavailable  StorageFull  QueueFull  RateLimited  InvalidState
    │       TooManyStreams  TooManyUploads
    ├── Unanswered              the jobs were accepted, but there is no answer: 500, 504
    │   └── PredictionFailed  NotDoneInTime
    ├── StartupRefused          a process will not start, in one line
    │   └── ModelRefused        one model is not served, the others are
    ├── JobFailed               a job's own end; it is data, never an HTTP error
    └── JobInputGone  WorkTakenAway  RunUnwanted
                                a worker lets go of the job; never an HTTP error

An error knows its HTTP status, its problem type and whether a retry can help; one handler in
`api/error_responses.py` renders them all (RFC 9457). Its docstring is written for the caller: it
is the page at the problem's `type` URL, and its place in docs/13-errors.md. `detail` is shown to
the caller too, and never echoes what was sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that was refused: `pointer` is a JSON pointer (RFC 6901) into the request body."""

    pointer: str
    detail: str


class QueuecastError(Exception):
    """Something went wrong on our side, and was logged under the answer's `request_id`."""

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
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers


class RequestError(QueuecastError):
    """The request cannot be understood as HTTP or as what this path takes."""

    type, title, status = "bad-request", "Bad request", 400


class MalformedJson(RequestError):
    """The body is not one JSON value in UTF-8 (RFC 8259): it is empty or cut off, has a comment, a
    byte order mark, `NaN` or `Infinity`, or something behind its end.
    """

    type, title, status = "malformed-json", "The body is not valid JSON", 400


class DuplicateKey(RequestError):
    """Two parsers would read such an object differently. Send each key once."""

    type, title, status = "duplicate-key", "A JSON object has a key twice", 400


class JsonTooDeep(RequestError):
    """Arrays and objects are taken to a depth of 32."""

    type, title, status = "json-too-deep", "The JSON is nested too deeply", 400


class UnsupportedMediaType(RequestError):
    """Say `Content-Type: application/json`; a submit also takes `multipart/form-data`. Text is in
    UTF-8.
    """

    type, title, status = "unsupported-media-type", "Unsupported media type", 415


class UnsupportedEncoding(RequestError):
    """Send the body as it is, without `Content-Encoding`."""

    type, title, status = "unsupported-encoding", "Unsupported content encoding", 415


class PayloadTooLarge(RequestError):
    """The body has more bytes than this path takes: 1 MiB as a rule, the operator may change it."""

    type, title, status = "payload-too-large", "The body is too large", 413


class UriTooLong(RequestError):
    """A URL has at most 8 KiB."""

    type, title, status = "uri-too-long", "The URL is too long", 414


class HeadersTooLarge(RequestError):
    """A request has at most 100 headers, of 16 KiB together."""

    type, title, status = "headers-too-large", "The request headers are too large", 431


class MethodNotAllowed(RequestError):
    """The header `Allow` has the methods that this path takes."""

    type, title, status = "method-not-allowed", "Method not allowed", 405


class RequestTimeout(RequestError):
    """The request stopped half-way. Send it again; nothing was stored."""

    type, title, status = "request-timeout", "The body did not arrive in time", 408


class LengthRequired(RequestError):
    """Where the bytes of a day are bounded, a body must say its `Content-Length`."""

    type, title, status = "length-required", "The length of the body is not known", 411


class Unauthorized(RequestError):
    """Send `Authorization: Bearer KEY` with a key that is neither revoked nor expired. Which of
    these it is, the answer does not tell.
    """

    type, title, status = "unauthorized", "A valid API key is needed", 401


class Forbidden(RequestError):
    """The key is good, but not for this: it lacks the scope that `detail` names."""

    type, title, status = "forbidden", "The API key may not do this", 403


class CrossOrigin(RequestError):
    """A browser sent it for a page of another origin, and this server asks nobody for a key. Name
    the origin in `QUEUECAST_CORS_ORIGINS`, or the host that your own pages use in
    `QUEUECAST_ALLOWED_HOSTS`.
    """

    type, title, status = "cross-origin", "A page of another origin may not do this", 403


class BadHost(RequestError):
    """The `Host` header names a host that this server does not answer for."""

    type, title, status = "bad-host", "The host is not served here", 400


class InvalidInput(RequestError):
    """A field of the body is missing or has a value that cannot be taken. `errors` names each field
    by a JSON pointer.
    """

    type, title, status = "invalid-input", "The input is not valid", 422


class UnknownField(InvalidInput):
    """A field is not known, perhaps misspelt. Nothing is ignored silently: leave it out."""

    type, title = "unknown-field", "The body has a field that is not known"


class ShapeMismatch(InvalidInput):
    """A tensor's name, rank, dimensions or element type are not what the model takes; `errors` says
    what was expected. `GET /api/v1/models/{name}` has the schema.
    """

    type, title = "shape-mismatch", "A tensor has the wrong shape or type"


class InvalidImage(InvalidInput):
    """The bytes are no image, or one that is cut off."""

    type, title = "invalid-image", "The image cannot be read"


class ImageTooLarge(InvalidInput):
    """The image has more pixels than are decoded. Scale it down."""

    type, title, status = "image-too-large", "The image is too large", 413


class UnsupportedImage(InvalidInput):
    """Send a PNG, JPEG or WEBP."""

    type, title, status = "unsupported-image", "The image format is not supported", 415


class InputTooLarge(InvalidInput):
    """The input has more bytes, rows or elements than this model takes: see `input_max_bytes` of
    `GET /api/v1/models/{name}`.
    """

    type, title, status = "input-too-large", "The input is too large for this model", 413


class InvalidWebhookUrl(InvalidInput):
    """A webhook is an https URL on port 443 or 8443, of at most 2,048 characters, without
    credentials and fragment. For development the operator may allow more.
    """

    type, title = "invalid-webhook-url", "The webhook is no URL that can be called"


class WebhookAddressForbidden(InvalidInput):
    """A webhook goes to public addresses alone: not to loopback, private networks, or metadata
    services, however they are written.
    """

    type, title = "webhook-address-forbidden", "The webhook leads to an address that is not public"


class InvalidModelName(RequestError):
    """Names have 1 to 64 lower case letters, digits, `.`, `_` and `-`, and begin with a letter or
    digit.
    """

    type, title, status = "invalid-model-name", "The model name is not valid", 422


class InvalidParameter(RequestError):
    """A parameter of the query is unknown, comes twice or has a value that cannot be taken."""

    type, title, status = "invalid-parameter", "A parameter is not valid", 422


class InvalidIdempotencyKey(RequestError):
    """An `Idempotency-Key` has 1 to 255 ASCII characters."""

    type, title, status = "invalid-idempotency-key", "The idempotency key is not valid", 422


class IdempotencyMismatch(RequestError):
    """This id or key belongs to a job with another body already: take a new one."""

    type, title, status = "idempotency-mismatch", "The same id or key came with another body", 422


class NotFound(RequestError):
    """A wrong path, an id that names nothing, or something that is not kept any more."""

    type, title, status = "not-found", "Not found", 404


class Expired(RequestError):
    """The prediction is there, but its input or output was not to be kept any longer."""

    type, title, status = "expired", "It is not kept any more", 410


class ModelNotFound(NotFound):
    """No model of this name is served: `GET /api/v1/models` lists them."""

    type, title = "model-not-found", "No such model"


class VersionNotFound(NotFound):
    """The model has no such version or alias: `GET /api/v1/models/{name}/versions` lists them."""

    type, title = "version-not-found", "No such model version"


class BusyError(QueuecastError):
    retryable = True


class Unavailable(BusyError):
    """The database or the blob store cannot be reached. Nothing was accepted."""

    type, title, status = "unavailable", "The service cannot accept jobs now", 503


class StorageFull(BusyError):
    """The disk of the database or of the blob store is full. Nothing was accepted."""

    type, title, status = "storage-full", "The storage is full", 507


class TooManyStreams(BusyError):
    """A process holds only so many open. `GET` with `?wait=` waits for the end as well."""

    type, title, status = "too-many-streams", "Too many streams are open", 429


class TooManyUploads(BusyError):
    """A process takes only so many files at a time: each may fill its disk until it is whole."""

    type, title, status = "too-many-uploads", "Too many files are on their way", 429


class QueueFull(BusyError):
    """As many jobs of this model wait as may wait. Nothing was accepted."""

    type, title, status = "queue-full", "The queue of this model is full", 429


class RateLimited(BusyError):
    """The tenant has used what it may use for now, or too many wrong keys came from this address.
    `RateLimit-Policy` names the limits, `RateLimit` the one that was reached.
    """

    type, title, status = "rate-limited", "A limit is reached", 429


class InvalidState(BusyError):
    """What is asked for can be done once this has come to its end. `Retry-After` says when to look
    again.
    """

    type, title, status = "invalid-state", "This cannot be done as long as it is under way", 409


class Unanswered(QueuecastError):
    """A request that waits for its predictions has no answer; `job_ids` are those concerned."""

    def __init__(self, detail: str, *, job_ids: Sequence[str]) -> None:
        super().__init__(detail)
        self.job_ids = tuple(job_ids)


class PredictionFailed(Unanswered):
    """A prediction that an infer or `:predict` waited for failed or was canceled; `detail` says
    why, and `predictions` where it stands.
    """

    type, title, status = "prediction-failed", "The prediction failed", 500


class NotDoneInTime(Unanswered):
    """An infer or `:predict` waits for a bounded time. The predictions go on, unless their own
    deadline has passed: look at the URLs in `predictions`, or send the same again.
    """

    type, title, status = "not-done-in-time", "The prediction has not ended yet", 504


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


class RunUnwanted(QueuecastError):
    """All jobs of a run were canceled, are late or began anew elsewhere: it was ended early."""


class JobInputGone(QueuecastError):
    """The copy that a worker was pointed to is gone: hand the job back, SQL has the original."""
