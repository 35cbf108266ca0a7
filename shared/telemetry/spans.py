"""Spans of OpenTelemetry. Imported only where traces are exported.

    POST /api/v1/predictions            the request, a child of the client's own span if it sent one
      queue, preprocess                 of each job
      queue, predict  --link-->  predict batch   one run for many jobs, linked to each of them
      queue, record   --link-->  record batch    one transaction for many
      webhook                           one for each attempt, told to the receiver

A batch stands in the trace of its first job. No span holds what a client sent.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import (
    Link,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    get_current_span,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.telemetry.vital_signs import VERSION

Sending = Callable[[int | None], None]

_PROPAGATOR = TraceContextTextMapPropagator()


class Spans:
    """Makes the spans of one process. `traceparent`s are those of jobs."""

    def __init__(self, process: str, exporter: SpanExporter) -> None:
        resource = Resource.create(
            {
                "service.namespace": "queuecast",
                "service.name": f"queuecast-{process}",
                "service.version": VERSION,
                "service.instance.id": str(os.getpid()),
            }
        )
        provider = TracerProvider(resource=resource)  # its sampler: OTEL_TRACES_SAMPLER
        provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = provider.get_tracer("queuecast", VERSION)

    @classmethod
    def exporting(cls, endpoint: str | None, process: str) -> "Spans":
        """To the base URL of an OTLP/HTTP receiver; None: the one of OpenTelemetry's variables."""
        url = f"{endpoint.rstrip('/')}/v1/traces" if endpoint else None
        return cls(process, OTLPSpanExporter(endpoint=url))

    @contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[Span]:
        """Around a request; its caller names the span and notes the status."""
        context = _PROPAGATOR.extract(headers)
        attributes = {"http.request.method": method}
        span = self._tracer.start_span(method, context, SpanKind.SERVER, attributes)
        with _ending(span):
            yield span

    def current(self) -> str | None:
        """The context of the request that is being served."""
        return _traceparent(get_current_span())

    @contextmanager
    def step(self, stage: str, traceparent: str, since: float, until: float) -> Iterator[None]:
        context = _context(traceparent)
        self._waited(context, stage, since, until)
        with _ending(self._tracer.start_span(stage, context)):
            yield

    @contextmanager
    def batch(
        self, stage: str, jobs: Sequence[tuple[str, float]], size: int, until: float
    ) -> Iterator[None]:
        """Of `size` jobs these are traced; each has a span of its own that is linked with it."""
        contexts = [_context(traceparent) for traceparent, _ in jobs]
        links = [Link(_of(context)) for context in contexts]
        first = next((one for one in contexts if _of(one).trace_flags.sampled), contexts[0])
        attributes = {"queuecast.batch.jobs": size}
        begun = time.time_ns()
        span = self._tracer.start_span(
            f"{stage} batch", first, SpanKind.CONSUMER, attributes, links, begun
        )
        try:
            with _ending(span):
                yield
        finally:
            ended, mine = time.time_ns(), [Link(span.get_span_context())]
            for context, (_, since) in zip(contexts, jobs, strict=True):
                self._waited(context, stage, since, until)
                one = self._tracer.start_span(stage, context, links=mine, start_time=begun)
                one.end(ended)

    @contextmanager
    def sending(self, traceparent: str, host: str) -> Iterator[tuple[str, Sending]]:
        attributes = {"server.address": host, "http.request.method": "POST"}
        span = self._tracer.start_span(
            "webhook", _context(traceparent), SpanKind.CLIENT, attributes
        )

        def told(status: int | None) -> None:
            if status is not None:
                span.set_attribute("http.response.status_code", status)
            if status is None or not 200 <= status < 300:
                span.set_status(Status(StatusCode.ERROR))

        with _ending(span):
            yield _traceparent(span) or traceparent, told

    def _waited(self, context: Context, stage: str, since: float, until: float) -> None:
        begun, ended = int(since * 1e9), int(max(since, until) * 1e9)
        span = self._tracer.start_span(
            "queue", context, attributes={"queuecast.stage": stage}, start_time=begun
        )
        span.end(ended)


@contextmanager
def _ending(span: Span) -> Iterator[None]:
    """The span is the current one; an error is named, without what it says."""
    with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(Status(StatusCode.ERROR))
            raise


def _context(traceparent: str) -> Context:
    return _PROPAGATOR.extract({"traceparent": traceparent}, Context())


def _of(context: Context) -> SpanContext:
    return get_current_span(context).get_span_context()


def _traceparent(span: Span) -> str | None:
    own = span.get_span_context()
    if not own.is_valid:
        return None
    return f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"
