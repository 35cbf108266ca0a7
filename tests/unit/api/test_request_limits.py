import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.request_limits import RequestLimits

JSON = {"Content-Type": "application/json"}
Headers = list[tuple[bytes, bytes]]


async def answering(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def failing(_scope: Any, _receive: Any, _send: Any) -> None:
    raise ZeroDivisionError("secret")


class Exchange:
    """One request straight into the middleware; `read` says whether its body was asked for."""

    def __init__(self, app: Any, headers: Headers, path: str = "/") -> None:
        self.read = False
        self.messages: list[Any] = []
        scope = {"type": "http", "path": path, "query_string": b"", "headers": headers}
        limits = RequestLimits(app, body_max_bytes=10, larger={"/bulk": 20})
        asyncio.run(limits(scope, self._receive, self._send))

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    async def _receive(self) -> Any:
        self.read = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: Any) -> None:
        self.messages.append(message)


def test_announced_body_is_refused_unread() -> None:
    exchange = Exchange(answering, [(b"content-length", b"11")])
    assert (exchange.status, exchange.read) == (413, False)


def test_body_of_the_limit_is_taken() -> None:
    assert Exchange(answering, [(b"content-length", b"10")]).status == 200


def test_a_path_may_have_a_limit_of_its_own() -> None:
    assert Exchange(answering, [(b"content-length", b"20")], "/bulk").status == 200
    assert Exchange(answering, [(b"content-length", b"21")], "/bulk").status == 413
    assert Exchange(answering, [(b"content-length", b"20")], "/bulk/").status == 413


def test_two_ways_to_tell_the_length_are_refused() -> None:
    headers = [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")]
    assert Exchange(answering, headers).status == 400


@pytest.mark.parametrize(
    "headers", [[(b"x", b"y" * 20_000)], [(b"x", b"y")] * 101], ids=["large", "many"]
)
def test_headers_are_bounded(headers: Headers) -> None:
    assert Exchange(answering, headers).status == 431


def test_unexpected_error_is_a_problem_without_its_text() -> None:
    exchange = Exchange(failing, [])
    assert exchange.status == 500
    assert b"internal-error" in exchange.messages[1]["body"]
    assert b"secret" not in exchange.messages[1]["body"]


def test_chunked_body_is_cut_off(client: TestClient, nothing_happened: Any) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(11):
            yield b" " * 10_000

    answer = client.post("/api/v1/predictions", content=chunks(), headers=JSON)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/payload-too-large")
    nothing_happened()


def test_url_is_bounded(client: TestClient) -> None:
    answer = client.get("/" + "a" * 9000)
    assert (answer.status_code, answer.json()["type"]) == (414, "/problems/uri-too-long")


def test_every_answer_has_its_own_request_id(client: TestClient) -> None:
    first, second = client.get("/health/live"), client.get("/health/live")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["cache-control"] == "no-store"


def test_harmless_request_id_of_the_client_is_kept(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"X-Request-ID": "trace-1.a_B"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "trace-1.a_B"


@pytest.mark.parametrize("id", ["a b", "x" * 65, "${jndi:ldap}", "%s", b"\x1b[31m"])
def test_other_request_ids_are_replaced(client: TestClient, id: Any) -> None:
    answer = client.get("/nowhere", headers={"X-Request-ID": id})
    assert answer.headers["x-request-id"] != id
    assert answer.status_code == 404
