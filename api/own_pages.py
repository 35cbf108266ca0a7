"""Where nobody needs a key, a page of another origin could still have a browser submit and cancel.

It needs no permission for that: a form, or text that happens to be JSON, is sent to any host that
the browser reaches, this machine included. So a browser is asked where the request comes from.
"""

from collections.abc import Awaitable, Collection
from contextlib import suppress
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from api.allowed_hosts import AllowedNames, host_name
from shared.errors import CrossOrigin

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class OwnPages:
    """Who is no browser says nothing of pages, and is let pass.

    `origins` may do everything; `*` is any. A name that is neither in `names` nor of this machine
    proves nothing: a page may have had it lead here after it was loaded.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str], names: AllowedNames) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._any = "*" in self._origins
        self._names = names

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and scope["method"] not in _HARMLESS:
            self._require_own_page(scope["headers"])
        return self._app(scope, receive, send)

    def _require_own_page(self, headers: list[tuple[bytes, bytes]]) -> None:
        site = origin = host = ""
        for name, value in headers:
            if name == b"sec-fetch-site":
                site = value.decode("latin-1")
            elif name == b"origin":
                origin = value.decode("latin-1")
            elif name == b"host":
                host = value.decode("latin-1").lower()
        if not (site or origin) or self._any or origin in self._origins:
            return
        # To a name without TLS that is not this machine's, browsers send the origin only.
        own = site in ("same-origin", "none") if site else self._is_here(origin, host)
        if not own:
            raise CrossOrigin("a page of another origin sent this; see QUEUECAST_CORS_ORIGINS")

    def _is_here(self, origin: str, host: str) -> bool:
        if origin.lower().partition("://")[2] != host:
            return False
        name = host_name(host)
        return name in self._names or _is_of_this_machine(name)


def _is_of_this_machine(name: str) -> bool:
    """Names that no name server can lead here: `localhost`, and addresses as they are."""
    with suppress(ValueError):
        return bool(ip_address(name.strip("[]")))
    return name == "localhost" or name.endswith(".localhost")
