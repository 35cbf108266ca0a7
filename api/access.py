"""Ahead of all routes: who calls, and may they?

Pure ASGI, and it refuses by default: a request is passed on with its principal, or not at all. The
body has not been read by then.
"""

from hmac import compare_digest

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from api.entrance import Entrance
from api.key_check import KEY_MAX_BYTES
from api.scopes import WATCHED, needed_scope
from shared.access.key_ring import KeyRing
from shared.access.principal import Principal
from shared.errors import BusyError, Forbidden


class Access:
    """Serves nobody whose key does not allow it; the principal stands in the request's state.

    Who sends no key may have a session of the web page, whose cookie seals one.
    """

    def __init__(self, app: ASGIApp, entrance: Entrance, watch_token: SecretStr) -> None:
        self._app = app
        self._keys = entrance.keys
        self._sessions = entrance.sessions
        self._watch_token = watch_token.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        needed = needed_scope(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if needed is not None and not self._watches(scope):
            principal = await self._identify(scope)
            if not principal.may(needed):
                raise Forbidden(f"this asks for a key with the scope {needed}")
            scope["state"]["principal"] = principal
        await self._app(scope, receive, send)

    def _watches(self, scope: Scope) -> bool:
        """Whether it is sent by who looks after the whole system, to see how that is."""
        if scope["path"] != WATCHED or not self._watch_token:
            return False
        return compare_digest(read_key(scope["headers"]), self._watch_token)

    async def _identify(self, scope: Scope) -> Principal:
        key = read_key(scope["headers"]) or self._sessions.key(scope)
        principal = self._keys.known(key)
        if principal is not None:
            return principal
        return await self._keys.find(key, (scope.get("client") or ("",))[0])


async def still_opens(scope: Scope, entrance: Entrance, ring: KeyRing) -> bool:
    """Whether the key of a request that was let in long ago would let it in now."""
    needed = needed_scope(scope["method"], scope["path"])
    try:
        principal = await ring.find(read_key(scope["headers"]) or entrance.sessions.key(scope))
    except BusyError:  # nobody can tell for longer than a revoked key may go on
        return False
    return principal is not None and (needed is None or principal.may(needed))


def read_key(headers: list[tuple[bytes, bytes]]) -> bytes:
    """What stands behind `Bearer` or `Token`; nothing where that is not said once and for all."""
    said = [value for name, value in headers if name == b"authorization"]
    scheme, _, key = said[0].partition(b" ") if len(said) == 1 else (b"", b"", b"")
    if scheme.lower() not in (b"bearer", b"token") or len(key) > KEY_MAX_BYTES:
        return b""
    return key.strip()
