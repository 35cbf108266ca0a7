"""A TCP proxy in a process of its own, which can be told to be a bad network.

`python -m loadtests.chaos.proxy PATH` listens on a free port of this machine and forwards to the
Unix socket PATH. It prints the port, and then does as each line of its standard input says:

    pass            forwards as it comes; connections that have lost anything are reset first
    black-hole      takes nothing in, from nobody: what is sent arrives when it passes again
    deaf            requests arrive, answers are lost
    reset           resets all connections, once
    refuse          resets all connections, and each new one
    latency A B     holds what comes for A seconds, and up to B more
"""

import asyncio
import random
import socket
import struct
import sys
from typing import Any, cast

import uvloop

NO_LINGER = struct.pack("ii", 1, 0)
"""Closed like this, a TCP connection ends with a reset."""


class Network:
    """What all connections go through."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.mode = "pass"
        self.delay = (0.0, 0.0)
        self.links: set[Inside] = set()

    def obey(self, line: str) -> None:
        mode, *values = line.split()
        if mode in ("reset", "refuse") or (mode == "pass" and self.mode == "deaf"):
            for link in list(self.links):
                link.reset()
        if mode == "reset":
            return
        self.mode = mode
        self.delay = (float(values[0]), float(values[1])) if values else (0.0, 0.0)
        for link in self.links:
            link.hold(mode == "black-hole")


class Inside(asyncio.Protocol):
    """The side of the caller; its connection to the server is made with it."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._transport: asyncio.Transport | None = None
        self._outside: asyncio.Transport | None = None
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._network.links.add(self)
        if self._network.mode == "refuse":
            self.reset()
            return
        self.hold(self._network.mode == "black-hole")
        asyncio.get_running_loop().create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        self._after_delay(self._send_out, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._network.links.discard(self)
        if self._outside:
            self._outside.close()

    def answered(self, data: bytes) -> None:
        if self._network.mode != "deaf":
            self._after_delay(self._send_in, data)

    def hold(self, still: bool) -> None:
        for transport in (self._transport, self._outside):
            if transport and not transport.is_closing():
                if still:
                    transport.pause_reading()
                else:
                    transport.resume_reading()

    def reset(self) -> None:
        if self._transport and not self._transport.is_closing():
            found: Any = self._transport.get_extra_info("socket")
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            self._transport.abort()

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            made, _ = await loop.create_unix_connection(lambda: Outside(self), self._network.path)
        except OSError:
            self.reset()
            return
        self._outside = made
        self.hold(self._network.mode == "black-hole")
        for data in self._early:
            made.write(data)
        self._early.clear()
        if self._transport and self._transport.is_closing():
            made.close()

    def _after_delay(self, send: Any, data: bytes) -> None:
        least, more = self._network.delay
        if least or more:
            seconds = least + random.random() * more
            asyncio.get_running_loop().call_later(seconds, send, data)
        else:
            send(data)

    def _send_out(self, data: bytes) -> None:
        if self._outside is None:
            self._early.append(data)
        elif not self._outside.is_closing():
            self._outside.write(data)

    def _send_in(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)


class Outside(asyncio.Protocol):
    """The side of the server."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    def data_received(self, data: bytes) -> None:
        self._inside.answered(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._inside.close()


async def serve(path: str) -> None:
    """Ends with its standard input: nobody is left who could speak to it."""
    network, loop = Network(path), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Inside(network), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async for line in orders:
        network.obey(line.decode())


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
