import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from api.exchange import Exchange
from tests.unit.api.test_http_protocol import FakeTransport

LENGTH = (b"content-length", b"2")


def answered(
    *messages: dict[str, Any], keep_alive: bool = True, method: str = "GET"
) -> tuple[bytes, Exchange]:
    """What leaves for these messages, and how the exchange stands then."""
    transport, flow = FakeTransport(), SimpleNamespace(write_paused=False)

    async def main() -> Exchange:
        scope, own = {"method": method}, [(b"date", b"now")]
        exchange = Exchange(
            scope, transport, flow, None, None, False, own, asyncio.Event(), False, keep_alive,
            lambda: None,
        )  # fmt: skip
        for message in messages:
            await exchange.send(message)
        return exchange

    exchange = asyncio.run(main())
    assert transport.closed is (exchange.response_complete and not exchange.keep_alive)
    return b"".join(transport.written), exchange


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


def test_an_answer_of_known_length() -> None:
    written, exchange = answered(start(LENGTH, (b"X-A", b"b")), body(b"{}"))
    head = b"HTTP/1.1 200 OK\r\ndate: now\r\ncontent-length: 2\r\nx-a: b\r\n\r\n"
    assert (written, exchange.response_complete) == (head + b"{}", True)


def test_the_last_answer_of_a_connection_says_so() -> None:
    written, _ = answered(start(LENGTH), body(b"{}"), keep_alive=False)
    assert written.endswith(b"content-length: 2\r\nconnection: close\r\n\r\n{}")


def test_what_has_no_length_is_sent_in_chunks() -> None:
    written, exchange = answered(start(), body(b"{}", more=True), body(b"!"))
    assert written.endswith(b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n1\r\n!\r\n0\r\n\r\n")
    assert exchange.response_complete


def test_pieces_of_a_known_length() -> None:
    written, exchange = answered(start(LENGTH), body(b"{", more=True), body(b"}"))
    assert (written[-4:], exchange.response_complete) == (b"\r\n{}", True)


@pytest.mark.parametrize("header", [(b"connection", b"close"), (b"transfer-encoding", b"chunked")])
def test_what_speaks_of_the_connection_is_heard(header: tuple[bytes, bytes]) -> None:
    _, exchange = answered(start(header), body(b""))
    assert (exchange.keep_alive, exchange.chunked_encoding) == (header[0] != b"connection", True)


def test_a_head_without_its_body() -> None:
    written, exchange = answered(start(LENGTH), body(b"{}"), method="HEAD")
    assert (written[-4:], exchange.response_complete) == (b"\r\n\r\n", True)


@pytest.mark.parametrize("told", ["a\r\nset-cookie: b", "a\n", "a\0", "a\x7f", "\r\n"])
def test_no_value_ends_its_line(told: str) -> None:
    with pytest.raises(RuntimeError, match="value"):
        answered(start(LENGTH, (b"x", told.encode())))


def test_no_name_ends_its_line() -> None:
    with pytest.raises(RuntimeError, match="name"):
        answered(start(LENGTH, (b"x\r\ny", b"z")))


@pytest.mark.parametrize("data", [b"{", b"{ }"])
def test_a_body_of_another_length_is_an_error(data: bytes) -> None:
    with pytest.raises(RuntimeError):
        answered(start(LENGTH), body(data))


def test_nothing_follows_an_answer() -> None:
    with pytest.raises(RuntimeError):
        answered(start(LENGTH), body(b"{}"), body(b""))
