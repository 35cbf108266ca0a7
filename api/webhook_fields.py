"""The fields of a submission that ask for a webhook."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.errors import FieldError, InvalidInput
from shared.settings import Settings
from shared.webhooks.events import ACCEPTED, DEFAULT, stored_events
from shared.webhooks.url import parse_url

WEBHOOK_FIELDS = frozenset({"webhook", "webhook_completed", "webhook_events_filter"})

Read = Callable[[str, Callable[[Any], str]], str | None]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a job's webhook goes, and the events of it as the job's row keeps them."""

    url: str
    events: str


def read_webhook(read: Read, settings: Settings) -> Webhook | None:
    """`read` reads one field by its check. Raises InvalidInput, of one field or of several."""
    check = url_check(settings)
    webhook, at_end = read("webhook", check), read("webhook_completed", check)
    events = read("webhook_events_filter", _events)
    if webhook is not None and at_end is not None:
        raise _refused("webhook_completed", "should not come beside `webhook`")
    if events is not None and webhook is None:
        raise _refused("webhook_events_filter", "should come with `webhook`")
    if webhook is not None:
        return Webhook(webhook, DEFAULT if events is None else events)
    return Webhook(at_end, DEFAULT) if at_end is not None else None


def url_check(settings: Settings) -> Callable[[Any], str]:
    """Answers a URL that may be called; raises ValueError or InvalidInput."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("should be a URL")
        parse_url(value, development=settings.webhook_development)
        return value

    return check


def _events(value: Any) -> str:
    if not isinstance(value, list) or not value or any(one not in ACCEPTED for one in value):
        raise ValueError(f"should be a list of {', '.join(ACCEPTED)}")
    return stored_events(value)


def _refused(name: str, detail: str) -> InvalidInput:
    return InvalidInput(f"/{name}: {detail}", errors=[FieldError(f"/{name}", detail)])
