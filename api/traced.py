"""A span for each request, ahead of everything else. Only there where traces are exported."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.request_tally import METHODS, template_of
from shared.telemetry import subject
from shared.telemetry.spans import Spans

UNTRACED = ("/health/", "/metrics")
"""Asked every few seconds by machines that watch."""


class Traced:
    def __init__(self, app: ASGIApp, spans: Spans) -> None:
        self._app = app
        self._spans = spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(UNTRACED):
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "other"
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in _told(scope)}
        with self._spans.request(method, headers) as span:
            subject.about_trace(f"{span.get_span_context().trace_id:032x}")

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    template = template_of(scope)
                    span.update_name(f"{method} {template}")
                    span.set_attribute("http.route", template)
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            await self._app(scope, receive, noting)


def _told(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [one for one in scope["headers"] if one[0] in (b"traceparent", b"tracestate")]
