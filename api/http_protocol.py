"""uvicorn's HTTP protocol, with head and body of an answer in one write.

uvicorn writes them apart, and uvloop makes a system call of each: a seventh of the loop's time
under load. Here what is written in one turn of the loop leaves at its end.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ON_SHUTDOWN = "on_shutdown"
"""In the `state` of a request: what to call when the server stops while the answer goes on."""


class Corked:
    """A transport whose writes are held until the loop's next turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self._let_go)
        self._held.append(data)

    def close(self) -> None:
        self._let_go()
        self._transport.close()

    def _let_go(self) -> None:
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))


class HttpProtocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=…)`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Corked(transport, self.loop))  # type: ignore[arg-type]

    def shutdown(self) -> None:
        """A graceful end: what would go on for hours is told, the others finish as they are."""
        super().shutdown()
        if self.cycle is not None and not self.cycle.response_complete:
            end: Callable[[], None] | None = self.cycle.scope["state"].get(ON_SHUTDOWN)
            if end is not None:
                end()
