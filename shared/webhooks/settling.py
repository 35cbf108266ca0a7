"""What becomes of a delivery after an attempt: delivered, due again, or failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, update

from shared.webhooks import endpoints
from shared.webhooks.events import RETRIED
from shared.webhooks.outbox import Claimed, as_claimed
from shared.webhooks.schedule import pause_seconds
from shared.webhooks.table import attempt_table
from shared.webhooks.table import delivery_table as delivery

GONE = 410
BUSY = frozenset({429, 503})

ADDRESS_FORBIDDEN = "address_forbidden"
INVALID_URL = "invalid_url"
SUPERSEDED = "superseded"
PREDICTION_GONE = "prediction_gone"
NO_BODY = "no_body"
SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 - a word for the log
NOT_SENT = "not_sent"

FINAL = frozenset({ADDRESS_FORBIDDEN, INVALID_URL})
"""Errors that no further attempt would cure."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt went: an HTTP `status`, or an `error` where there was none.

    `answer` is the beginning of the receiver's body, made printable.
    """

    started_at: datetime
    seconds: float
    status: int | None = None
    error: str | None = None
    answer: str | None = None
    retry_after_seconds: float | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def settle(connection: Connection, one: Claimed, attempt: Attempt, now: datetime) -> str:
    """Notes an attempt and answers the state that it leads to; a stale claim changes no state."""
    connection.execute(
        insert(attempt_table).values(
            delivery_id=one.id,
            number=one.claims,
            started_at=attempt.started_at,
            seconds=attempt.seconds,
            status=attempt.status,
            error=attempt.error,
            answer=attempt.answer,
        )
    )
    _tell_endpoint(connection, one, attempt, now)
    if not attempt.succeeded:
        return _fail(connection, one, attempt.error, _pause_seconds(one, attempt), now)
    delivered = {"state": "delivered", "failures": one.failures - 1}
    delivered |= {"error": None, "finished_at": now}
    connection.execute(update(delivery).where(*as_claimed(one)).values(delivered))
    return "delivered"


def postpone(connection: Connection, one: Claimed, why: str, now: datetime) -> None:
    """Counts a failure that is ours, not the receiver's: there was nothing to send."""
    pause = pause_seconds(one.failures) if one.event in RETRIED else None
    _fail(connection, one, why, pause, now)


def skip(connection: Connection, one: Claimed, why: str, now: datetime) -> None:
    """Ends a delivery that there is no point in sending."""
    skipped = {"state": "skipped", "error": why, "finished_at": now}
    connection.execute(update(delivery).where(*as_claimed(one)).values(skipped))


def _fail(
    connection: Connection, one: Claimed, error: str | None, pause: float | None, now: datetime
) -> str:
    """Lets it wait for its next try, or end where there is none; answers its state."""
    changes: dict[str, object] = {"error": error, "failures": one.failures}
    if pause is None:
        changes |= {"state": "failed", "finished_at": now}
    else:
        changes["due_at"] = now + timedelta(seconds=pause)
    connection.execute(update(delivery).where(*as_claimed(one)).values(changes))
    return "failed" if pause is None else "pending"


def _pause_seconds(one: Claimed, attempt: Attempt) -> float | None:
    """None: there is no further attempt."""
    if one.event not in RETRIED or attempt.status == GONE or attempt.error in FINAL:
        return None
    asked = attempt.retry_after_seconds if attempt.status in BUSY else None
    return pause_seconds(one.failures, asked)


def _tell_endpoint(connection: Connection, one: Claimed, attempt: Attempt, now: datetime) -> None:
    if not attempt.succeeded:
        gone = attempt.status == GONE
        endpoints.failed(connection, one.tenant, one.url, now, gone=gone)
    elif one.in_trouble:
        endpoints.recovered(connection, one.endpoint)
