import asyncio
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from api.http_protocol import ON_SHUTDOWN, Corked, HttpProtocol


class FakeTransport:
    """Keeps what is written, in its pieces."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


AT_REST = SimpleNamespace(is_amid_message=False)


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


def turns(transport: FakeTransport, *steps: bytes | None) -> None:
    """Writes each step; None is a turn of the loop."""

    async def main() -> None:
        corked = Corked(transport, asyncio.get_running_loop(), AT_REST)
        for step in steps:
            await asyncio.sleep(0) if step is None else corked.write(step)
        await asyncio.sleep(0)

    asyncio.run(main())


def test_what_is_written_in_one_turn_leaves_in_one_piece(transport) -> None:
    turns(transport, b"head ", b"body")
    assert transport.written == [b"head body"]


def test_another_turn_is_another_piece(transport) -> None:
    turns(transport, b"one", None, b"two")
    assert transport.written == [b"one", b"two"]


def test_what_is_held_leaves_before_the_connection_closes(transport) -> None:
    async def main() -> None:
        corked = Corked(transport, asyncio.get_running_loop(), AT_REST)
        corked.write(b"last words")
        corked.close()
        assert transport.written == [b"last words"]

    asyncio.run(main())
    assert transport.closed


def test_a_connection_that_is_gone_takes_nothing(transport) -> None:
    transport.closed = True
    turns(transport, b"too late")
    assert transport.written == []


def test_everything_else_is_the_transports_own(transport) -> None:
    assert Corked(transport, None, AT_REST).closed is False


def test_what_would_go_on_is_told_that_the_server_stops() -> None:
    told: list[bool] = []

    class Cycle:
        response_complete = False
        keep_alive = True
        scope: ClassVar[dict[str, Any]] = {"state": {ON_SHUTDOWN: lambda: told.append(True)}}

    protocol = HttpProtocol.__new__(HttpProtocol)
    protocol.cycle = Cycle()
    protocol.shutdown()
    assert (told, protocol.cycle.keep_alive) == ([True], False)
