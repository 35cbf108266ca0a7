"""Refuses what was sent to a host that is not ours: a page elsewhere may have had it sent here."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import BadHost


class AllowedHosts:
    """`hosts` are names without a port; `*.example.org` stands for all below it.

    Health is asked for under whatever name the machine has just now.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._names = frozenset(name for name in hosts if not name.startswith("*."))
        self._suffixes = tuple(name[1:] for name in hosts if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/health/"):
            name = host_name(Headers(scope=scope).get("host", ""))
            if name not in self._names and not (self._suffixes and name.endswith(self._suffixes)):
                raise BadHost("this server answers for other hosts")
        await self._app(scope, receive, send)


def host_name(host: str) -> str:
    """Without the port; an IPv6 address keeps its brackets."""
    end = host.find("]") + 1 if host.startswith("[") else host.find(":")
    return (host[:end] if end > 0 else host).lower()
