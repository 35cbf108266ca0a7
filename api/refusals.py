"""Counts the submits that were not accepted, by problem type."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import QueuecastError
from shared.telemetry import counters


@contextmanager
def counting_refusals() -> Iterator[None]:
    try:
        yield
    except QueuecastError as error:
        counters.submits_refused.labels(error.type).inc()
        raise
