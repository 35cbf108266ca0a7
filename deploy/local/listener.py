"""The API's listening socket: bound before anything starts, kept while processes come and go."""

import ipaddress
import os
import socket

from shared.errors import StartupRefused

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """Raises StartupRefused when the address is not loopback or not to be had."""
    address = loopback(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StartupRefused(f"cannot listen on {host}:{port}: {reason}") from None


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def loopback(host: str) -> str:
    """The host as an address; raises StartupRefused when others could reach it."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        if ipaddress.ip_address(address).is_loopback:
            return address
    except ValueError:
        pass  # a name: not loopback as far as we know
    raise StartupRefused(f"--host {host}: only loopback is served until there are API keys")
