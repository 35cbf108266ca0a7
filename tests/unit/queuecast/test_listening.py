import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from queuecast import sign_webhook
from queuecast.listening import BODY_MAX_BYTES, Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"id":"x","status":"succeeded"}'


@pytest.fixture
def heard() -> list[Any]:
    """What was received, or why it was refused."""
    return []


@pytest.fixture
def receiver(heard: list[Any]) -> Iterator[Receiver]:
    with Receiver(("127.0.0.1", 0), [SECRET], heard.append, heard.append) as receiver:
        threading.Thread(target=receiver.serve_forever, args=(0.02,), daemon=True).start()
        yield receiver
        receiver.shutdown()


@pytest.fixture
def post(receiver: Receiver) -> Callable[..., int]:
    return lambda headers: httpx2.post(receiver.url, content=BODY, headers=headers).status_code


def test_a_genuine_webhook_is_told(post: Any, heard: list[Any]) -> None:
    assert post(sign_webhook(BODY, SECRET)) == 204
    assert [(one.id, one.status) for one in heard] == [("x", "succeeded")]


def test_another_is_refused(post: Any, heard: list[Any]) -> None:
    assert post({}) == 400
    assert str(heard[0]) == "the header webhook-id is missing"


@pytest.mark.parametrize("length", ["", "-1", "x", str(BODY_MAX_BYTES + 1)])
def test_no_more_is_read_than_is_sensible(
    receiver: Receiver, heard: list[Any], length: str
) -> None:
    with socket.create_connection(receiver.server_address[:2], timeout=5) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode())
        assert connection.recv(100).split()[1] == b"413"
    assert heard == []
