"""The guard, over a listener that counts who connects and name servers that lie."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.errors import WebhookAddressForbidden
from shared.webhooks.url import WebhookUrl, parse_url
from tests.unit.shared.webhooks.test_addresses import FORBIDDEN
from workers.public_network import PublicNetwork
from workers.resolver import Resolver, resolve

NAME = "hooks.example.com"


class Listener:
    """Counts connections; `asked` are the names that TLS asked for."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.connections = 0
        self.asked: list[str | None] = []
        self._tls = tls
        if tls:
            tls.sni_callback = lambda _s, name, _c: self.asked.append(name)
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                self.connections += 1
                with connection, suppress(OSError):
                    if self._tls:
                        self._tls.wrap_socket(connection, server_side=True).close()

    def stop(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    started: list[Listener] = []

    def start(tls: ssl.SSLContext | None = None) -> Listener:
        started.append(Listener(tls))
        return started[-1]

    yield start
    for listener in started:
        listener.stop()


def url(port: int, scheme: str = "http") -> WebhookUrl:
    return WebhookUrl(scheme, NAME, port, "/")


def connect(network: PublicNetwork, where: WebhookUrl) -> str:
    """The address that was connected to."""

    async def run() -> str:
        _, writer = await network.connect("default", where)
        address: str = writer.get_extra_info("peername")[0]
        writer.close()
        with suppress(OSError):  # the listener has hung up
            await writer.wait_closed()
        return address

    return asyncio.run(run())


def names(*answers: list[str]) -> Callable[[str, int], list[str]]:
    """A name server that gives one answer after the other, whatever it is asked."""
    left = list(answers)
    return lambda *_: left.pop(0)


@pytest.mark.parametrize("address", [*FORBIDDEN, "fe80::1%eth0"])
@pytest.mark.parametrize("others", [[], ["93.184.215.14"]])
def test_nothing_is_connected_to_when_any_address_is_forbidden(
    listen: Any, address: str, others: list[str]
) -> None:
    listener = listen()
    network = PublicNetwork(Resolver(names([*others, address])), allow_loopback=False)
    with pytest.raises(WebhookAddressForbidden):
        connect(network, url(listener.port))
    assert listener.connections == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "0", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "localhost"]
)
def test_the_system_s_own_resolver_finds_no_way_around(listen: Any, host: str) -> None:
    """These would pass nowhere else either; the guard does not rely on it."""
    listener = listen()
    network = PublicNetwork(Resolver(lambda _, port: resolve(host, port)), allow_loopback=False)
    with pytest.raises(WebhookAddressForbidden):
        connect(network, url(listener.port))
    assert listener.connections == 0


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(listen: Any) -> None:
    listener = listen()
    rebinding = names(["127.0.0.1"], ["169.254.169.254"])
    network = PublicNetwork(Resolver(rebinding), allow_loopback=True)
    assert connect(network, url(listener.port)) == "127.0.0.1"
    with pytest.raises(WebhookAddressForbidden):  # each delivery asks, and checks, anew
        connect(network, url(listener.port))


def test_another_address_is_tried_where_one_does_not_answer(listen: Any) -> None:
    listener = listen()
    network = PublicNetwork(Resolver(names(["127.0.0.2", "127.0.0.1"])), allow_loopback=True)
    assert connect(network, url(listener.port)) == "127.0.0.1"


def test_no_proxy_of_the_environment_is_asked(listen: Any, monkeypatch: Any) -> None:
    proxy, listener = listen(), listen()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    connect(PublicNetwork(Resolver(names(["127.0.0.1"])), allow_loopback=True), url(listener.port))
    assert proxy.connections == 0


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: Any) -> Callable[[str], ssl.SSLContext]:
    """Makes a server's certificate for a name, which clients made afterwards trust."""

    def make(name: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        file = tmp_path / "server.pem"
        no_password = serialization.NoEncryption()
        pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        file.write_bytes(key.private_bytes(pem, pkcs8, no_password) + made.public_bytes(pem))
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    return make


def test_tls_asks_for_the_host_by_its_name(listen: Any, certificate: Any) -> None:
    listener = listen(certificate(NAME))
    network = PublicNetwork(Resolver(names(["127.0.0.1"])), allow_loopback=True)
    connect(network, url(listener.port, "https"))
    assert listener.asked == [NAME]


def test_a_certificate_of_another_name_is_refused(listen: Any, certificate: Any) -> None:
    listener = listen(certificate("other.example.com"))
    network = PublicNetwork(Resolver(names(["127.0.0.1", "127.0.0.1"])), allow_loopback=True)
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(network, url(listener.port, "https"))


def test_a_literal_of_development_is_connected_to(listen: Any) -> None:
    listener = listen()
    where = parse_url(f"http://127.0.0.1:{listener.port}/", development=True)
    assert connect(PublicNetwork(Resolver(), allow_loopback=True), where) == "127.0.0.1"
