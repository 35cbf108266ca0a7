"""Real connections through the real proxy."""

import socket
import socketserver
import threading

import pytest

from loadtests.chaos.network import link_to


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(100):
            self.request.sendall(data)


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("proxy") / "s")
    with socketserver.ThreadingUnixStreamServer(path, Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with link_to(path) as found:
            yield found
        server.shutdown()


@pytest.fixture
def connection(link):
    with socket.create_connection(("127.0.0.1", link.port), timeout=5) as made:
        made.sendall(b"a")
        assert made.recv(1) == b"a"
        yield made
    link.tell("pass")


def is_silent(connection) -> bool:
    connection.settimeout(0.15)
    try:
        connection.recv(1)
    except TimeoutError:
        return True
    finally:
        connection.settimeout(5)
    return False


def ask_while(link, connection, order: str) -> bool:
    """Whether nothing comes back."""
    with link.being(order):
        is_silent(connection)  # by now the order has arrived
        connection.sendall(b"b")
        return is_silent(connection)


def test_what_a_black_hole_took_arrives_afterwards(link, connection) -> None:
    assert ask_while(link, connection, "black-hole")
    assert connection.recv(1) == b"b"


def test_lost_answers_end_in_a_reset(link, connection) -> None:
    assert ask_while(link, connection, "deaf")
    with pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_a_reset_concerns_those_that_are_there(link, connection) -> None:
    link.tell("reset")
    with pytest.raises(ConnectionResetError):
        connection.recv(1)
    with socket.create_connection(("127.0.0.1", link.port), timeout=5) as another:
        another.sendall(b"c")
        assert another.recv(1) == b"c"


def test_a_slow_network_answers_late(link, connection) -> None:
    assert ask_while(link, connection, "latency 0.2 0")
    assert connection.recv(1) == b"b"


def test_who_is_refused_is_reset(link, connection) -> None:
    with link.being("refuse"), pytest.raises(ConnectionResetError):
        connection.recv(1)
