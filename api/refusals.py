"""Counts the submits that were not accepted, by problem type."""

from shared.errors import QueuecastError
from shared.telemetry import counters


class CountingRefusals:
    """Around a submit. No generator: every job passes here."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, QueuecastError):
            counters.submits_refused.labels(error.type).inc()
