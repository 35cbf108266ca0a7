"""Traces: off unless an endpoint is set. Only then is OpenTelemetry imported.

A job carries the context of the request that made it as `traceparent` (W3C Trace Context), in its
row and its snapshot. Whatever is done for it is a child of that request.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from shared.domain.prediction import Snapshot
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.telemetry.spans import Sending, Spans

STANDARD = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_NOTHING = nullcontext()

_spans: "Spans | None" = None


def configure(settings: Settings, process: str) -> None:
    """For a process of this kind; once, before any work."""
    global _spans
    if settings.otlp_endpoint or any(os.environ.get(name) for name in STANDARD):
        from shared.telemetry.spans import Spans

        _spans = Spans.exporting(settings.otlp_endpoint, process)


def active() -> "Spans | None":
    return _spans


def of_request(headers: Sequence[tuple[bytes, bytes]], *, calls_back: bool) -> str | None:
    """The context that a job of this request carries, if any.

    Without tracing it is the request's own, and only for jobs whose webhook tells it on.
    """
    if _spans is not None:
        return _spans.current()
    if not calls_back:
        return None
    given = next((value for name, value in headers if name == b"traceparent"), b"")
    text = given.decode("latin-1")
    return text if _TRACEPARENT.fullmatch(text) else None


def step(
    stage: str, job: Snapshot, since: Callable[[], float], until: float
) -> AbstractContextManager[None]:
    """Around what is done for one job that waited, `since` and `until` in epoch seconds."""
    if _spans is None or "traceparent" not in job:
        return _NOTHING
    return _spans.step(stage, job["traceparent"], since(), until)


def batch(
    stage: str, waits: Callable[[], Sequence[tuple[Snapshot, float]]], until: float
) -> AbstractContextManager[None]:
    """Around what is done for several jobs at once, each with the time since when it waited."""
    if _spans is None:
        return _NOTHING
    jobs = waits()
    traced = [(job["traceparent"], since) for job, since in jobs if "traceparent" in job]
    return _spans.batch(stage, traced, len(jobs), until) if traced else _NOTHING


@contextmanager
def sending(traceparent: str | None, host: str) -> "Iterator[tuple[dict[str, str], Sending]]":
    """Around one attempt to deliver a webhook: the headers that tell of its trace.

    What it is called with is told what came of it: the status, if there was one.
    """
    if traceparent is None:
        yield {}, _ignore
    elif _spans is None:
        yield {"traceparent": traceparent}, _ignore
    else:
        with _spans.sending(traceparent, host) as (own, told):
            yield {"traceparent": own}, told


def _ignore(_status: int | None) -> None:
    return
