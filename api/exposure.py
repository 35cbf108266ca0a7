"""An address that others can reach asks for keys: the process refuses to serve there without."""

import socket
from ipaddress import ip_address

from sqlalchemy import Engine

from shared.access import store
from shared.clock import Clock
from shared.db.engine import reading
from shared.errors import StartupRefused
from shared.settings import Settings

HOW = "make one with ./run keys create"


def require_keys(listener: socket.socket, settings: Settings, engine: Engine, clock: Clock) -> None:
    """Raises StartupRefused when others reach the listener and no key keeps them out."""
    if not is_exposed(listener):
        return
    where = listener.getsockname()[0]
    if not settings.keys_required:
        raise StartupRefused(
            f"others can reach {where}: set QUEUECAST_KEYS_REQUIRED=true, and have a key; {HOW}"
        )
    with reading(engine) as connection:
        if not store.any_usable(connection, clock.now()):
            raise StartupRefused(f"others can reach {where}, and there is no API key; {HOW}")


def is_exposed(listener: socket.socket) -> bool:
    """Whether it listens to more than this machine."""
    if listener.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    address = ip_address(listener.getsockname()[0].partition("%")[0])
    return not address.is_loopback
