"""uvicorn's HTTP protocol, with an answer in one write, and with an end of patience.

uvicorn writes head and body apart, and uvloop makes a system call of each: a seventh of the loop's
time under load. Here what is written in one turn of the loop leaves at its end.

It also waits for ever for the head of a request, and takes one of any size. Here a timer of each
connection looks every few seconds at what it is waiting for.
"""

import asyncio
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from httptools import parse_url
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.error_responses import problem
from api.exchange import Exchange
from api.lingering import Lingering
from shared.errors import HeadersTooLarge, QueuecastError, RequestError, RequestTimeout

HEAD_SECONDS = 10.0
"""So long a request line and its headers may take to arrive."""

UNREAD_BODY_SECONDS = 30.0
"""So long a body may go on that was answered without being read."""

UNTAKEN_SECONDS = 30.0
"""So long an answer is kept for a client that takes nothing of it."""

HEAD_MAX_BYTES = 64 << 10
"""A head above it is not waited for; one that has arrived is bounded by `request_limits`. The same
bounds what stands between the pieces of a body, and behind them."""

LOOK_SECONDS = 5.0

ON_SHUTDOWN = "on_shutdown"
"""In the `state` of a request: what to call when the server stops while the answer goes on."""

WHOLE = "whole"
"""In the `state` of a request all of whose body has arrived: nobody has to wait for it."""


class Corked:
    """A transport whose writes are held until the loop's next turn.

    To close it while a request still comes to `of` leaves that client time to read its answer; to
    close it again does not.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, of: "HttpProtocol"
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._of = of
        self._held: list[bytes] = []
        self._lingers = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self._let_go)
        self._held.append(data)

    def is_closing(self) -> bool:
        return self._lingers or self._transport.is_closing()

    def close(self) -> None:
        self._let_go()
        if self._of.is_amid_message and not self.is_closing():
            self._lingers = True
            Lingering(self._transport, self._of, self._loop)
        else:
            self._transport.close()

    def _let_go(self) -> None:
        held, self._held = self._held, []
        if held and not self.is_closing():
            self._transport.write(b"".join(held))


class HttpProtocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=…)`."""

    is_amid_message = False
    """Whether more of a request should come, or comes that is none."""

    _in_head = False
    _head_bytes = 0
    _untaken_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Corked(transport, self.loop, self))  # type: ignore[arg-type]
        self._begun_at = self._rests_since = self._taken_at = self.loop.time()
        self._look_again()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)  # what of it is no head sets this to 0
        super().data_received(data)
        if self.is_amid_message and self._head_bytes > HEAD_MAX_BYTES:
            self._refuse(HeadersTooLarge(f"the head has at most {HEAD_MAX_BYTES} bytes"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = self.is_amid_message = True
        self._begun_at = self.loop.time()

    def on_headers_complete(self) -> None:
        """As uvicorn does it, without what is never asked for: upgrades, a bound, an access log."""
        self._in_head = False
        self._head_bytes = 0
        parser, scope, before = self.parser, self.scope, self.cycle
        version, url = parser.get_http_version(), parse_url(self.url)
        path = url.path.decode("ascii")
        scope["method"] = parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        self.cycle = Exchange(
            scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:  # sent before the last one was answered: it waits for its turn
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.is_amid_message = False
        self._head_bytes = 0
        self.scope["state"][WHOLE] = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """As uvicorn does it, without a timer for each answer: `_look` sees who rests too long."""
        self.server_state.total_requests += 1
        self._rests_since = self.loop.time()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def send_400_response(self, msg: str) -> None:
        self.is_amid_message = True  # wherever it ends
        self._refuse(RequestError("this is not HTTP as it should be"))

    def shutdown(self) -> None:
        """A graceful end: what would go on for hours is told, the others finish as they are."""
        self.is_amid_message = False  # there is no time to linger
        super().shutdown()
        if self.cycle is not None and not self.cycle.response_complete:
            end: Callable[[], None] | None = self.cycle.scope["state"].get(ON_SHUTDOWN)
            if end is not None:
                end()

    def _look_again(self) -> None:
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """Ends a connection that keeps us waiting; a body that is being read has its own limit."""
        self._look_again()  # to close takes until all is sent
        waited, rested = self.loop.time() - self._begun_at, self.loop.time() - self._rests_since
        if self._is_left_untaken():
            self.transport.abort()
        elif self._is_answering() or self.transport.is_closing():
            return
        elif self._in_head and waited > HEAD_SECONDS:
            self._refuse(RequestTimeout(f"a request's head is waited for {HEAD_SECONDS:g} s"))
        elif self.is_amid_message and waited > UNREAD_BODY_SECONDS:
            self.transport.close()
        elif not self.is_amid_message and rested > self.timeout_keep_alive:
            self.transport.close()  # not a byte has come: there is nothing to answer

    def _is_left_untaken(self) -> bool:
        """Whether an answer stands in our memory that its client has long stopped to take."""
        now, untaken = self.loop.time(), self.transport.get_write_buffer_size()
        if not untaken or untaken != self._untaken_bytes:
            self._untaken_bytes, self._taken_at = untaken, now
        return now - self._taken_at > UNTAKEN_SECONDS

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, error: QueuecastError) -> None:
        """Answers without the application, which cannot be told of such a request, and hangs up.

        An answer that is under way is the last one of its connection, and nothing more is read.
        """
        if self._is_answering():
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        elif not self.transport.is_closing():
            self.transport.write(_refusal(error))
            self.transport.close()


def _refusal(error: QueuecastError) -> bytes:
    answer = problem({"path": "", "state": {"request_id": secrets.token_hex(8)}}, error)
    head = [f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}".encode()]
    head += [name + b": " + value for name, value in answer.raw_headers]
    return b"\r\n".join([*head, b"connection: close", b"", bytes(answer.body)])
