"""The end of a connection whose client may still be sending, so that it can read its answer.

A kernel that closes a socket with bytes unread, or that gets more of them, sends a reset: a client
fails to send then, before it looks for the answer, and its kernel may throw the answer away.
"""

import asyncio

LINGER_SECONDS = 5.0
LINGER_MAX_BYTES = 64 << 20
"""Whoever still sends after either is reset."""


class Lingering(asyncio.Protocol):
    """Takes the place of the protocol `before` at its end: reads on, and forgets what it reads.

    The client is told by a half-close behind the answer that there is nothing more; it ends when
    the client hangs up too. `before` hears of that end.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        before: asyncio.BaseProtocol,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._transport = transport
        self._before = before
        self._left_bytes = LINGER_MAX_BYTES
        self._timer = loop.call_later(LINGER_SECONDS, transport.close)
        transport.set_protocol(self)
        transport.write_eof()
        transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._before.connection_lost(exc)
