import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from api import event_stream
from api.event_stream import EventStream
from api.http_protocol import ON_SHUTDOWN
from api.slots import Slots
from shared.errors import NotFound, TooManyStreams

LONG = 1000.0


class Frames:
    """Gives `frames`, then waits for ever, or for as long as it is told; knows when it is over."""

    def __init__(self, *frames: bytes, then: float | None = None) -> None:
        self._frames = frames
        self._then = then
        self.closed = False

    async def __call__(self) -> AsyncIterator[bytes]:
        try:
            for frame in self._frames:
                yield frame
            while self._then is not None:
                await asyncio.sleep(self._then)
                yield b""
        finally:
            self.closed = True


class Connection:
    """One client: keeps what it is sent; `leave` hangs up, `stall` takes nothing any more."""

    def __init__(self, stall: bool = False) -> None:
        self.sent: list[bytes] = []
        self.scope: dict[str, Any] = {"type": "http", "state": {}}
        self.gone = asyncio.Event()
        self.complete = False
        self._stall = stall

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            if self._stall:
                await asyncio.sleep(LONG)
            self.sent.append(message["body"])
            self.complete = not message["more_body"]


def within_time(main: Awaitable[Any]) -> Any:
    async def bounded() -> Any:
        return await asyncio.wait_for(main, 10)

    return asyncio.run(bounded())


async def streamed(frames: Frames, slots: Slots, connection: Connection) -> None:
    stream = EventStream(frames(), slots.one_of(1))
    await stream(connection.scope, connection.receive, connection.send)


def in_loop(frames: Frames, act: Callable[[Connection, Slots], Awaitable[None]]) -> Connection:
    """Streams while `act` runs; the slot must be free, and the frames closed, afterwards."""

    async def main() -> Connection:
        connection, slots = Connection(), Slots(TooManyStreams, "")
        stream = asyncio.create_task(streamed(frames, slots, connection))
        await act(connection, slots)
        await stream
        with slots.one_of(1):
            assert frames.closed
        return connection

    return within_time(main())


async def nothing(_connection: Connection, _slots: Slots) -> None:
    return None


def test_frames_are_sent_to_the_end() -> None:
    connection = in_loop(Frames(b"a", b"", b"b"), nothing)
    assert (connection.sent, connection.complete) == ([b"a", b"b", b""], True)


def test_the_client_hears_at_once_that_it_is_heard() -> None:
    assert in_loop(Frames(b"", b"a"), nothing).sent == [b":\n", b"a", b""]


def test_a_silent_stream_is_kept_alive(monkeypatch) -> None:
    monkeypatch.setattr(event_stream, "KEEP_ALIVE_SECONDS", 0.0)
    assert in_loop(Frames(b"a", b""), nothing).sent == [b"a", b":\n", b""]


def test_a_client_that_leaves_frees_its_slot() -> None:
    async def leave(connection: Connection, _: Slots) -> None:
        await asyncio.sleep(0.01)
        connection.gone.set()

    assert not in_loop(Frames(b"a", then=LONG), leave).complete


def test_a_client_that_stalls_frees_its_slot(monkeypatch) -> None:
    monkeypatch.setattr(event_stream, "STALL_SECONDS", 0.01)
    frames, slots = Frames(b"a", then=LONG), Slots(TooManyStreams, "")

    async def main() -> None:
        with pytest.RaisesGroup(ClientDisconnect):
            await streamed(frames, slots, Connection(stall=True))
        with slots.one_of(1):
            assert frames.closed

    within_time(main())


def test_a_server_that_stops_ends_its_streams() -> None:
    async def stop(connection: Connection, _: Slots) -> None:
        await asyncio.sleep(0.01)
        connection.scope["state"][ON_SHUTDOWN]()

    assert in_loop(Frames(b"a", then=0.01), stop).complete


def test_a_stream_ends_when_it_is_old(monkeypatch) -> None:
    monkeypatch.setattr(event_stream, "LONGEST_SECONDS", 0.0)
    assert in_loop(Frames(b"a", then=0.01), nothing).complete


def test_a_tenant_leaves_streams_to_others() -> None:
    slots = Slots(TooManyStreams, "")
    with slots.one_of(2, "acme", 1):
        with pytest.raises(TooManyStreams), slots.one_of(2, "acme", 1):
            pass
        with slots.one_of(2, "other", 1):
            pass


def test_there_are_only_so_many_streams() -> None:
    async def main() -> None:
        slots = Slots(TooManyStreams, "")
        with slots.one_of(1), pytest.raises(TooManyStreams):
            await streamed(Frames(b"b"), slots, Connection())

    within_time(main())


def test_what_fails_before_the_first_frame_is_an_answer_of_its_own() -> None:
    async def failing() -> AsyncIterator[bytes]:
        raise NotFound("no")
        yield b""

    async def main() -> None:
        connection, slots = Connection(), Slots(TooManyStreams, "")
        with pytest.raises(NotFound):
            stream = EventStream(failing(), slots.one_of(1))
            await stream(connection.scope, connection.receive, connection.send)
        assert connection.sent == []

    within_time(main())
