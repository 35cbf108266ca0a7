"""What a real server answers to bytes that are no proper request, over a socket."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import uvicorn

from api import http_protocol, lingering, request_body
from api.app import create_app, doorway
from api.http_protocol import HttpProtocol

POST = "POST /api/v1/predictions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
GET = "GET /health/live HTTP/1.1\r\nHost: a\r\n"
MANY = "".join(f"x-{n}: y\r\n" for n in range(101))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (http_protocol, "HEAD_SECONDS"),
        (http_protocol, "UNREAD_BODY_SECONDS"),
        (http_protocol, "UNTAKEN_SECONDS"),
        (http_protocol, "LOOK_SECONDS"),
        (request_body, "READ_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 0.2)


@contextmanager
def serving(app: Any) -> Iterator[tuple[uvicorn.Server, int]]:
    """A server in a thread, and its port."""
    config = uvicorn.Config(
        app, interface="asgi3", loop="uvloop", http=HttpProtocol, ws="none",
        log_config=None, access_log=False, server_header=False, timeout_keep_alive=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield server, listener.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.fixture
def port(container: Any, registry: Any) -> Iterator[int]:
    with serving(doorway(create_app(container, registry))) as (_, port):
        yield port


@pytest.fixture
def send(port: int) -> Callable[..., list[bytes]]:
    """Sends pieces with pauses between them; answers what came until the server hung up."""

    def run(*pieces: str | bytes, pause: float = 0.0) -> list[bytes]:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            for piece in pieces:
                connection.sendall(piece.encode() if isinstance(piece, str) else piece)
                time.sleep(pause)
            return _answers(connection)

    return run


def _answers(connection: socket.socket) -> list[bytes]:
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
    return [b"HTTP/1.1 " + part for part in data.split(b"HTTP/1.1 ")[1:]]


def problem(answer: bytes) -> tuple[int, str]:
    """The status, and the last word of the problem's type."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    found = json.loads(body)
    assert {"type", "title", "status", "detail", "instance", "request_id"} <= found.keys()
    assert int(head.split()[1]) == found["status"]
    return found["status"], found["type"].removeprefix("/problems/")


MALFORMED = {
    "length is negative": POST + "Content-Length: -1\r\n\r\n{}",
    "length is a word": POST + "Content-Length: abc\r\n\r\n{}",
    "two lengths": POST + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length and chunks": POST + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no HTTP": "hello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    "header without colon": GET + "x\r\n\r\n",
    "NUL in a header": GET + "x: a\0b\r\n\r\n",
    "space before the colon": GET + "x : y\r\n\r\n",
    "unknown method": "BREW /pot HTTP/1.1\r\n\r\n",
    "another version": "GET / HTTP/7.7\r\n\r\n",
}


def test_what_is_no_request_is_refused(send: Any, nothing_happened: Any, subtests: Any) -> None:
    for name, sent in MALFORMED.items():
        with subtests.test(name):
            [answer] = send(sent)
            assert problem(answer) == (400, "bad-request")
    nothing_happened()


def test_what_follows_a_body_is_no_part_of_it(send: Any, nothing_happened: Any) -> None:
    [answer] = send(POST + "Content-Length: 2\r\n\r\n{}garbage")
    assert problem(answer)[0] == 422
    nothing_happened()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GET + f"x: {'y' * 20_000}\r\n", 431),
        (GET + MANY, 431),
        (f"GET /{'a' * 20_000} HTTP/1.1\r\nHost: a\r\n", 414),
    ],
    ids=["large header", "many headers", "long URL"],
)
def test_a_head_is_bounded(send: Any, head: str, status: int) -> None:
    [answer] = send(head + "Connection: close\r\n\r\n")
    assert problem(answer)[0] == status


def test_a_head_without_end_is_not_taken(send: Any) -> None:
    [answer] = send(GET + "x: " + "y" * http_protocol.HEAD_MAX_BYTES)
    assert problem(answer) == (431, "headers-too-large")


@pytest.mark.parametrize("begin", ["0\r\nx: ", "1;x="], ids=["behind", "between"])
def test_what_stands_beside_a_body_without_end_is_not_taken(send: Any, begin: str) -> None:
    head = GET + "Transfer-Encoding: chunked\r\n\r\n" + begin
    answer, *_ = send(head, "y" * (http_protocol.HEAD_MAX_BYTES + 1), pause=0.1)
    assert answer.startswith(b"HTTP/1.1 200")  # and then the server has hung up


@pytest.mark.parametrize("path", ["//v1//jobs", "//api/v1/predictions", "/api//v1/predictions"])
def test_double_slashes_lead_nowhere(send: Any, path: str) -> None:
    [answer] = send(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert problem(answer) in {(404, "not-found"), (400, "bad-request")}


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_other_methods_are_refused(send: Any, method: str) -> None:
    [answer] = send(f"{method} /api/v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert problem(answer)[0] in {400, 405}


@pytest.mark.parametrize(
    "pieces",
    [("GET ",), (GET,), (GET + "\r\n", "GET ")],
    ids=["line", "headers", "second head"],
)
def test_a_slow_head_is_not_waited_for(impatient: Any, send: Any, pieces: Any) -> None:
    *_, answer = send(*pieces, pause=0.05)
    assert problem(answer) == (408, "request-timeout")


def test_a_silent_connection_is_closed(impatient: Any, send: Any) -> None:
    assert send() == []


def test_a_connection_that_rests_is_closed(impatient: Any, send: Any) -> None:
    [answer] = send(GET + "\r\n", "\r\n", pause=0.05)
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_slow_body_is_not_waited_for(impatient: Any, send: Any, nothing_happened: Any) -> None:
    [answer] = send(POST + "Content-Length: 20\r\n\r\n", *"{    ", pause=0.1)
    assert problem(answer) == (408, "request-timeout")
    nothing_happened()


def test_a_body_that_nobody_reads_ends_too(impatient: Any, send: Any) -> None:
    [answer] = send(GET + "Content-Length: 20\r\n\r\n", *" " * 10, pause=0.1)
    assert answer.startswith(b"HTTP/1.1 200")


LARGE = POST + f"Connection: close\r\nContent-Length: {32 << 20}\r\n\r\n"


def test_whoever_is_still_sending_gets_the_answer(send: Any) -> None:
    [answer] = send(LARGE, bytes(32 << 20))
    assert problem(answer) == (413, "payload-too-large")


@pytest.mark.parametrize(("name", "most"), [("LINGER_SECONDS", 0.2), ("LINGER_MAX_BYTES", 1 << 20)])
def test_nobody_may_go_on_for_ever(
    send: Any, monkeypatch: pytest.MonkeyPatch, name: str, most: float
) -> None:
    monkeypatch.setattr(lingering, name, most)
    with pytest.raises(ConnectionError):
        send(LARGE, *[bytes(1 << 20)] * 32, pause=0.05)


def test_a_connection_serves_many_requests(impatient: Any, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for _ in range(6):
            connection.sendall((GET + "\r\n").encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(0.1)  # longer in all than a head may take


@pytest.mark.parametrize("behind", ["", "GET "], ids=["nothing", "a head that never ends"])
def test_an_answer_that_nobody_takes_is_not_kept(impatient: Any, behind: str) -> None:
    body, taken = bytes(16 << 20), 0

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    with (
        serving(app) as (server, port),
        socket.create_connection(("127.0.0.1", port)) as connection,
    ):
        connection.sendall((GET + "\r\n" + behind).encode())
        state, until = server.server_state, time.monotonic() + 10
        while (not state.total_requests or state.connections) and time.monotonic() < until:
            time.sleep(0.02)
        with suppress(ConnectionResetError):
            while chunk := connection.recv(1 << 20):
                taken += len(chunk)
    assert taken < len(body)
