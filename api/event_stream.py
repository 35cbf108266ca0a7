"""An answer that goes on: server-sent events, for as long as the client stays and there is news."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, aclosing

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http_protocol import ON_SHUTDOWN

KEEP_ALIVE_SECONDS = 15.0
"""Proxies cut connections that are silent for 30 s or more."""

STALL_SECONDS = 20.0
"""A client that takes nothing for so long has left, whatever its connection says."""

LONGEST_SECONDS = 3600.0
"""Then it ends without an end; the client comes back with the last id that it saw."""

# No empty line behind it: Replicate's decoder would take that for the end of an event.
KEEP_ALIVE = b":\n"


class EventStream(Response):
    """Sends `frames` as they come; an empty one says that nothing happened meanwhile.

    It holds `slot` meanwhile. What they raise before the first is an answer like any other.
    """

    def __init__(self, frames: AsyncIterator[bytes], slot: AbstractContextManager[None]) -> None:
        self.status_code = 200
        self.background = None
        self._frames = frames
        self._slot = slot
        self._stopping = False
        self.init_headers({"content-type": "text/event-stream", "x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._slot:
            async with aclosing(self._frames) as frames:  # type: ignore[type-var]
                first = await anext(frames)
                scope["state"][ON_SHUTDOWN] = self._stop
                await send(
                    {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
                )
                async with asyncio.TaskGroup() as group:
                    sending = group.create_task(self._send_all(first, send))
                    leaving = group.create_task(_left(receive))
                    sending.add_done_callback(lambda _: leaving.cancel())
                    leaving.add_done_callback(lambda _: sending.cancel())

    def _stop(self) -> None:
        """The server ends: so does the stream, at its next frame."""
        self._stopping = True

    async def _send_all(self, first: bytes, send: Send) -> None:
        loop = asyncio.get_running_loop()
        began = sent_at = loop.time()
        await send_part(send, first or KEEP_ALIVE)  # the client sees at once that it is heard
        async for frame in self._frames:
            now = loop.time()
            if frame or now - sent_at >= KEEP_ALIVE_SECONDS:
                await send_part(send, frame or KEEP_ALIVE)
                sent_at = now
            if self._stopping or now - began >= LONGEST_SECONDS:
                break
        await send_part(send, b"", more=False)


async def send_part(send: Send, data: bytes, *, more: bool = True) -> None:
    """One part of a body; raises ClientDisconnect for a client that takes nothing."""
    try:
        async with asyncio.timeout(STALL_SECONDS):
            await send({"type": "http.response.body", "body": data, "more_body": more})
    except TimeoutError:
        raise ClientDisconnect from None


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
