"""Both of our ways to Redis look at its certificate; kombu's default is to trust anybody."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.backlog import connections
from shared.backlog.celery_app import create_celery

UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with the key and the certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redis")])
    now, address = datetime.datetime.now(datetime.UTC), ipaddress.ip_address("127.0.0.1")
    draft = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    draft = draft.public_key(key.public_key()).serial_number(x509.random_serial_number())
    draft = draft.not_valid_before(now - datetime.timedelta(days=1))
    draft = draft.not_valid_after(now + datetime.timedelta(days=1))
    own = x509.SubjectAlternativeName([x509.IPAddress(address)])
    signed = draft.add_extension(own, critical=False).sign(key, hashes.SHA256())
    pem, nothing = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, nothing)
    (tmp_path / "certificate.pem").write_bytes(private + signed.public_bytes(pem))
    return tmp_path / "certificate.pem"


@pytest.fixture
def listener(certificate: Path) -> Iterator[str]:
    """The address of a server that hangs up after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_hang_up, args=(context, server), daemon=True).start()
        yield f"rediss://127.0.0.1:{server.getsockname()[1]}/0"
        server.shutdown(socket.SHUT_RDWR)


def _hang_up(context: ssl.SSLContext, server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        try:
            with context.wrap_socket(connection, server_side=True) as shaken:
                shaken.recv(1)
        except OSError:
            connection.close()


def _through_redis(settings) -> None:
    with connections.connect(settings, timeout_seconds=2) as client:
        client.ping()


def _through_celery(settings) -> None:
    with create_celery(settings, socket_timeout=2).connection_for_read() as connection:
        connection.connect()


@pytest.mark.parametrize("attempt", [_through_redis, _through_celery])
@pytest.mark.parametrize("trusted", [False, True])
def test_a_stranger_is_not_spoken_to(settings, listener, certificate, attempt, trusted) -> None:
    url = f"{listener}?ssl_ca_certs={certificate}" if trusted else listener
    changed = type(settings)(redis_url=url, data_dir=settings.data_dir)
    with pytest.raises(Exception, match=r"\S") as failed:
        attempt(changed)
    assert (UNTRUSTED in str(failed.value)) is not trusted
