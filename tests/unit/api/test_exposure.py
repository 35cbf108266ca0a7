import socket
from typing import Any

import pytest

from api.exposure import is_exposed, require_keys
from shared.errors import StartupRefused


class Listening(socket.socket):
    """Says that it listens on an address that this machine may not have."""

    address = "127.0.0.1"

    def getsockname(self) -> Any:
        return self.address, 8000


@pytest.fixture
def listener() -> Any:
    with Listening() as listening:
        yield listening


@pytest.mark.parametrize(
    ("address", "exposed"),
    [
        ("127.0.0.1", False), ("127.8.8.8", False), ("::1", False), ("0.0.0.0", True),
        ("::", True), ("192.168.1.5", True), ("fe80::1%eth0", True),
    ],
)  # fmt: skip
def test_whatever_is_no_loopback_is_exposed(listener: Any, address: str, exposed: bool) -> None:
    listener.address = address
    assert is_exposed(listener) is exposed


def test_a_unix_socket_is_not_exposed() -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        assert not is_exposed(listening)


def test_others_are_served_with_keys_alone(keyed: Any, listener: Any) -> None:
    container = keyed.container
    parts = (container.engine, container.clock)
    listener.address = "0.0.0.0"
    off = container.settings.model_copy(update={"keys_required": False})
    with pytest.raises(StartupRefused, match=r"KEYS_REQUIRED=true.*run keys create"):
        require_keys(listener, off, *parts)
    with pytest.raises(StartupRefused, match=r"no API key; make one with \./run keys create"):
        require_keys(listener, container.settings, *parts)
    keyed.key()
    require_keys(listener, container.settings, *parts)
