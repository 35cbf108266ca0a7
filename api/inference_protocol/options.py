"""What the parameters of a request ask of its jobs: priority and time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.json_pointer import pointer
from shared.domain.names import Priority
from shared.errors import FieldError, InvalidInput
from shared.settings import Settings

MICROSECONDS = 1_000_000
LEVELS = (Priority.NORMAL, Priority.HIGH, Priority.NORMAL, Priority.LOW)
"""By the protocol's number: 0 is the default, 1 the highest; what is above 3 is low too."""


@dataclass(frozen=True, slots=True)
class Options:
    """`wait_seconds` bounds the answer, `deadline_seconds` the job."""

    priority: Priority
    deadline_seconds: float | None
    wait_seconds: float


def read_options(parameters: Mapping[str, Any], settings: Settings) -> Options:
    """`priority` 0 to 3, or our words for them; `timeout` in µs. Raises InvalidInput."""
    timeout = parameters.get("timeout") or 0
    if type(timeout) is not int or timeout < 0:
        raise _refuse("timeout", "should be a whole number of microseconds")
    seconds = min(timeout / MICROSECONDS, settings.deadline_max_seconds)
    longest = settings.infer_wait_seconds
    return Options(
        priority=_priority(parameters.get("priority") or 0),
        deadline_seconds=seconds or None,
        wait_seconds=min(seconds, longest) if seconds else longest,
    )


def _priority(value: Any) -> Priority:
    if isinstance(value, str) and value in list(Priority):
        return Priority(value)
    if type(value) is not int or value < 0:
        raise _refuse("priority", "should be a whole number: 1 high, 2 normal, 3 low")
    return LEVELS[min(value, len(LEVELS) - 1)]


def _refuse(name: str, detail: str) -> InvalidInput:
    where = pointer("parameters", name)
    return InvalidInput(f"{where}: {detail}", errors=[FieldError(where, detail)])
