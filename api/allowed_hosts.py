"""Refuses what was sent to a host that is not ours: a page elsewhere may have had it sent here."""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import BadHost


class AllowedNames:
    """Names without a port; `*.example.org` stands for all below it."""

    def __init__(self, names: Iterable[str]) -> None:
        known = frozenset(names)
        self._names = frozenset(name for name in known if not name.startswith("*."))
        self._suffixes = tuple(name[1:] for name in known if name.startswith("*."))

    def __contains__(self, name: str) -> bool:
        return name in self._names or bool(self._suffixes and name.endswith(self._suffixes))


class AllowedHosts:
    """Health is asked for under whatever name the machine has just now."""

    def __init__(self, app: ASGIApp, names: AllowedNames) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/health/"):
            name = host_name(Headers(scope=scope).get("host", ""))
            if name not in self._names:
                raise BadHost("this server answers for other hosts")
        await self._app(scope, receive, send)


def host_name(host: str) -> str:
    """Without the port; an IPv6 address keeps its brackets."""
    end = host.find("]") + 1 if host.startswith("[") else host.find(":")
    return (host[:end] if end > 0 else host).lower()
