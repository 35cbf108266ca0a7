"""Webhooks at the receiver: whether one is genuine, by the rules of Standard Webhooks."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence

from pydantic import ValidationError

from queuecast.errors import WebhookInvalid
from queuecast.ids import new_id
from queuecast.results import Prediction

TOLERANCE_SECONDS = 300.0
PREFIX = "whsec_"


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    clock: Callable[[], float] = time.time,
) -> Prediction:
    """The prediction that a webhook tells of; raises WebhookInvalid for one that is not genuine.

    `body` are the bytes as they came, `headers` those of the request, in whatever case. `secret` is
    `whsec_…`, or several of which any may have signed. A test event has the extra field `type`.
    """
    told = {name.lower(): value for name, value in headers.items()}
    try:
        its_id, timestamp = told["webhook-id"], told["webhook-timestamp"]
        signatures = told["webhook-signature"].split(" ")
    except KeyError as missing:
        raise WebhookInvalid(f"the header {missing.args[0]} is missing") from None
    _check_age(timestamp, clock(), tolerance_seconds)
    secrets = [secret] if isinstance(secret, str) else secret
    expected = [_signature(body, its_id, timestamp, one) for one in secrets]
    pairs = ((one, other) for one in signatures for other in expected)
    # Bytes: of text with other characters than ASCII, compare_digest raises.
    if not any(hmac.compare_digest(one.encode(), other.encode()) for one, other in pairs):
        raise WebhookInvalid("no signature fits the secret and the body")
    try:
        return Prediction.model_validate_json(body)
    except ValidationError:
        raise WebhookInvalid("the body is no prediction") from None


def sign_webhook(
    body: bytes, secret: str, *, id: str | None = None, timestamp: float | None = None
) -> dict[str, str]:
    """The headers that a genuine webhook of this body has: for the tests of a receiver."""
    its_id = id or new_id()
    at = str(int(time.time() if timestamp is None else timestamp))
    signature = _signature(body, its_id, at, secret)
    return {"webhook-id": its_id, "webhook-timestamp": at, "webhook-signature": signature}


def _check_age(timestamp: str, now: float, tolerance_seconds: float) -> None:
    if not (timestamp.isascii() and timestamp.isdecimal()):
        raise WebhookInvalid("the timestamp is not a number of seconds")
    if abs(now - int(timestamp[:20])) > tolerance_seconds:
        raise WebhookInvalid("the timestamp is too old, or lies ahead")


def _signature(body: bytes, id: str, timestamp: str, secret: str) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a secret is whsec_ and base64") from None
    signed = b".".join((id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
