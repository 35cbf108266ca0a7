"""Who is called back: a receiver of webhooks that can be told to fail."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson
from httptools import HttpRequestParser

Told = Callable[[str, bytes], None]
"""Is given the id of a job and the prediction, of each webhook that arrives."""


class Receiver:
    """`received` counts what arrived, by webhook id: some may come twice. While `down`, 500."""

    def __init__(self, told: Told) -> None:
        self.received: Counter[str] = Counter()
        self.jobs: set[str] = set()
        self.url = ""
        self.down = False
        self._told = told

    @contextmanager
    def being_down(self) -> Iterator[None]:
        self.down = True
        try:
            yield
        finally:
            self.down = False

    def take(self, webhook_id: str, body: bytes) -> int:
        """The status to answer."""
        if self.down:
            return 500
        self.received[webhook_id] += 1
        job_id = orjson.loads(body)["id"]
        self.jobs.add(job_id)
        self._told(job_id, body)
        return 204


class _Caller(asyncio.Protocol):
    """One connection of a worker that delivers."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._parser = HttpRequestParser(self)
        self._id, self._body = "", bytearray()
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    # What the parser calls:

    def on_message_begin(self) -> None:
        self._id, self._body = "", bytearray()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"webhook-id":
            self._id = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        status = self._receiver.take(self._id, bytes(self._body))
        self._transport.write(b"HTTP/1.1 %d So\r\nContent-Length: 0\r\n\r\n" % status)


@asynccontextmanager
async def receiving(told: Told) -> Any:
    """A receiver that listens on a port of this machine."""
    receiver = Receiver(told)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Caller(receiver), "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
