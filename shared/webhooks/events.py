"""What a webhook can tell of, and how a job says what it wants to be told."""

from collections.abc import Collection
from enum import StrEnum


class Event(StrEnum):
    START = "start"
    COMPLETED = "completed"
    TEST = "test"


ACCEPTED = ("start", "output", "logs", "completed")
"""What a filter may name. Output and logs come with `completed`: nothing is sent before."""

DEFAULT = Event.COMPLETED.value

RETRIED = frozenset({Event.COMPLETED})
"""The others are worth one attempt: what they tell is soon told otherwise."""


def stored_events(wanted: Collection[str]) -> str:
    """The form that a job's row keeps, which `wants` reads."""
    return ",".join(event for event in (Event.START, Event.COMPLETED) if event in wanted)


def wants(stored: str | None, event: Event) -> bool:
    return event in (stored or "").split(",")
