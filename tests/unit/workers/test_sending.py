"""One POST, over a receiver that answers with the bytes it is told to."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.clock import SystemClock
from shared.settings import Settings
from shared.webhooks.settling import Attempt
from workers.public_network import PublicNetwork
from workers.resolver import Resolver
from workers.sending import READ_MAX_BYTES, Sender, printable, seconds_until

Receive = Callable[[socket.socket], None]
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Receiver:
    """Reads one request per connection, then does as it is told."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.requests: list[bytes] = []
        self.answer: Receive = replying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}/hook?a=b"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                with connection, suppress(OSError):
                    self.requests.append(connection.recv(65536))
                    self.answer(connection)


def replying(*parts: bytes, pause: float = 0.0) -> Receive:
    def answer(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)

    return answer


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown(socket.SHUT_RDWR)
    receiver.server.close()


@pytest.fixture
def post(settings: Settings) -> Callable[..., Attempt]:
    def run(url: str, body: bytes = b"{}", seconds: float = 0.5) -> Attempt:
        changes = {"webhook_development": True, "webhook_timeout_seconds": seconds}
        network = PublicNetwork(Resolver(), allow_loopback=True)
        sender = Sender(network, SystemClock(), settings.model_copy(update=changes))
        return asyncio.run(sender.post("default", url, {"webhook-id": "w"}, body))

    return run


def test_what_is_sent_is_one_request_with_its_body(receiver: Receiver, post: Any) -> None:
    assert post(receiver.url, b'{"a":1}').status == 200
    head, _, body = receiver.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert b"host: 127.0.0.1:" in head.lower()
    assert b"webhook-id: w" in head.lower()
    assert body == b'{"a":1}'


def test_the_beginning_of_the_answer_is_kept(receiver: Receiver, post: Any) -> None:
    receiver.answer = replying(b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n\x1b[31mno\x00\n")
    attempt = post(receiver.url)
    assert (attempt.status, attempt.error, attempt.succeeded) == (500, None, False)
    assert attempt.answer == r"\x1b[31mno\x00\n"
    assert 0 < attempt.seconds < 0.5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(
    receiver: Receiver, post: Any, status: int
) -> None:
    head = f"HTTP/1.1 {status} Away\r\nLocation: {receiver.url}\r\nContent-Length: 0\r\n\r\n"
    receiver.answer = replying(head.encode())
    attempt = post(receiver.url)
    assert (attempt.status, attempt.succeeded) == (status, False)
    assert len(receiver.requests) == 1


CUT = {
    "says nothing": (replying(b"", pause=2), "timeout"),
    "half a head": (replying(b"HTTP/1.1 200 OK\r\nContent", pause=2), "timeout"),
    "a byte a time": (replying(*(b"H" for _ in range(40)), pause=0.05), "timeout"),
    "no HTTP": (replying(b"SSH-2.0-OpenSSH_9.9\r\n"), "no_http_answer"),
    "closes": (replying(), "no_http_answer"),
    "a head without end": (replying(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 9000), "no_http_answer"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "error"), CUT.values(), ids=CUT.keys())
def test_no_answer_is_an_error_in_time(
    receiver: Receiver, post: Any, answer: Receive, error: str
) -> None:
    receiver.answer = answer
    attempt = post(receiver.url)
    assert (attempt.status, attempt.error, attempt.answer) == (None, error, None)
    assert attempt.seconds < 1


def test_a_status_counts_however_slow_the_body_is(receiver: Receiver, post: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    receiver.answer = replying(head, *(b"x" for _ in range(40)), pause=0.05)
    attempt = post(receiver.url)
    assert attempt.succeeded
    assert 0.4 < attempt.seconds < 1


def test_no_more_of_a_body_is_read_than_its_bound(receiver: Receiver, post: Any) -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        connection.sendall(b"x" * (READ_MAX_BYTES + 1))
        connection.recv(1)  # whoever waits for more waits until the time is over

    receiver.answer = flood
    attempt = post(receiver.url, seconds=3.0)
    assert attempt.succeeded
    assert attempt.answer == "x" * 1024
    assert attempt.seconds < 3.0


def test_nobody_there(post: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/").error == "connection_failed"


def test_a_url_that_was_stored_is_read_as_strictly(post: Any, settings: Settings) -> None:
    assert post("ftp://127.0.0.1/").error == "invalid_url"
    network = PublicNetwork(Resolver(), allow_loopback=False)
    sender = Sender(network, SystemClock(), settings)
    blocked = asyncio.run(sender.post("default", "https://127.0.0.1/", {}, b""))
    assert blocked.error == "address_forbidden"


def test_nothing_is_sent_where_a_name_leads_inside(receiver: Receiver, settings: Settings) -> None:
    network = PublicNetwork(Resolver(lambda *_: ["127.0.0.1"]), allow_loopback=False)
    sender = Sender(network, SystemClock(), settings)
    attempt = asyncio.run(sender.post("default", "https://hooks.example.com/", {}, b""))
    assert attempt.error == "address_forbidden"
    assert receiver.requests == []


def test_a_name_server_that_does_not_answer_is_not_waited_for(settings: Settings) -> None:
    settings = settings.model_copy(update={"webhook_connect_seconds": 0.1})
    released = threading.Event()
    network = PublicNetwork(Resolver(lambda *_: [str(released.wait(5))]), allow_loopback=False)
    sender = Sender(network, SystemClock(), settings)
    attempt = asyncio.run(sender.post("default", "https://hooks.example.com/", {}, b""))
    released.set()
    assert (attempt.error, attempt.seconds < 1) == ("timeout", True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("-1", None),
        ("soon", None),
        ("9" * 20, None),
        (f"Fri, 02 Jan {'9' * 20} 12:01:00 GMT", None),
        ("Fri, 02 Jan 2026 12:01:00 GMT", 60.0),
        ("Fri, 02 Jan 2026 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_until(header, NOON) == seconds


def test_what_is_kept_is_short_and_can_be_stored() -> None:
    assert printable(b"\x00\xff" * 5000).isprintable()
    assert len(printable(b"\x00" * 5000)) == 1024
