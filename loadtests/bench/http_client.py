"""An HTTP/1.1 client that costs little: it shares the cores with what it measures.

Requests are bytes rendered before the clock starts; answers are kept as bytes and understood after
it has stopped.
"""

import asyncio
from dataclasses import dataclass
from typing import cast

from httptools import HttpResponseParser


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class ServerGone(Exception):
    """The server closed the connection while an answer was due."""


class Connection(asyncio.Protocol):
    """One connection, kept alive; one request at a time."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._transport: asyncio.Transport | None = None
        self._due: asyncio.Future[Answer] | None = None
        self._parts: list[bytes] = []
        self._parser = HttpResponseParser(self)

    async def ask(self, request: bytes) -> Answer:
        """Raises ServerGone or OSError; a connection that the server closed is opened again."""
        transport = self._transport
        if transport is None or transport.is_closing():
            transport = await self._open()
        due: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._due = due
        transport.write(request)
        return await due

    def close(self) -> None:
        """At once; what was asked is not waited for any more."""
        if self._transport is not None:
            self._transport.abort()

    async def _open(self) -> asyncio.Transport:
        loop, self._parser = asyncio.get_running_loop(), HttpResponseParser(self)
        where = self._address.host, self._address.port
        transport, _ = await loop.create_connection(lambda: self, *where)
        return transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._due is not None and not self._due.done():
            self._due.set_exception(ServerGone(str(exc or "closed")))

    # What the parser calls:

    def on_message_begin(self) -> None:
        self._parts.clear()

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._due is not None and not self._due.done():
            self._due.set_result(Answer(self._parser.get_status_code(), b"".join(self._parts)))


def request(
    address: Address, method: str, path: str, body: bytes = b"", headers: str = ""
) -> bytes:
    """The bytes of one request; `headers` are whole lines that end in CRLF."""
    kind = "Content-Type: application/json\r\n" if body else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n"
        f"{kind}Content-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body
