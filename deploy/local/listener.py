"""The API's listening socket: bound before anything starts, kept while processes come and go."""

import os
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

from shared.errors import StartupRefused

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """Raises StartupRefused when the address is none or not to be had."""
    address = address_of(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        return socket.create_server((str(address), port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StartupRefused(f"cannot listen on {host}:{port}: {reason}") from None


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def url_of(listener: socket.socket) -> str:
    """How this machine itself reaches it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def address_of(host: str) -> IPv4Address | IPv6Address:
    """Raises StartupRefused for a name: what it means, somebody else may change."""
    try:
        return ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise StartupRefused(f"--host {host}: give an IP address, such as 127.0.0.1") from None
