"""Ahead of all routes: who calls, and may they?

Pure ASGI, and it refuses by default: a request is passed on with its principal, or not at all. The
body has not been read by then.
"""

import asyncio
from time import perf_counter

from starlette.types import ASGIApp, Receive, Scope, Send

from api.failed_attempts import ALLOWED, WINDOW_SECONDS, FailedAttempts
from api.scopes import needed_scope
from shared.access.key_ring import KeyRing
from shared.access.principal import Principal
from shared.clock import Clock
from shared.domain.rate_limits import Policy, limit_reached
from shared.errors import Forbidden, QueuecastError, Unauthorized
from shared.telemetry import counters

REFUSAL_SECONDS = 0.02
"""Every 401 takes at least so long, whatever its reason: how long it takes tells nothing."""

KEY_MAX_BYTES = 128

WRONG_KEYS = Policy("wrong-keys", ALLOWED, WINDOW_SECONDS)


class Access:
    """Serves nobody whose key does not allow it; the principal stands in the request's state."""

    def __init__(self, app: ASGIApp, ring: KeyRing, clock: Clock) -> None:
        self._app = app
        self._ring = ring
        self._failures = FailedAttempts(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        needed = needed_scope(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if needed is not None:
            principal = await self._identify(scope)
            if not principal.may(needed):
                raise Forbidden(f"this asks for a key with the scope {needed}")
            scope["state"]["principal"] = principal
        await self._app(scope, receive, send)

    async def _identify(self, scope: Scope) -> Principal:
        key = read_key(scope["headers"])
        principal = self._ring.known(key)
        return principal if principal is not None else await self._look_up(scope, key)

    async def _look_up(self, scope: Scope, key: bytes) -> Principal:
        began, address = perf_counter(), (scope.get("client") or ("",))[0]
        if key and not self._ring.has_seen(key):
            self._require_patience(address)
        principal = await self._ring.find(key)
        if principal is not None:
            return principal
        if key:  # who sends none guesses nothing
            self._failures.note(address)
        counters.keys_refused.labels("key").inc()
        await asyncio.sleep(max(0.0, began + REFUSAL_SECONDS - perf_counter()))
        raise _unauthorized()

    def _require_patience(self, address: str) -> None:
        blocked = self._failures.blocked_seconds(address)
        if blocked:
            counters.keys_refused.labels("address").inc()
            detail = "too many wrong keys came from this address"
            raise limit_reached(detail, [WRONG_KEYS], WRONG_KEYS, blocked)


def read_key(headers: list[tuple[bytes, bytes]]) -> bytes:
    """What stands behind `Bearer` or `Token`; nothing where that is not said once and for all."""
    said = [value for name, value in headers if name == b"authorization"]
    scheme, _, key = said[0].partition(b" ") if len(said) == 1 else (b"", b"", b"")
    if scheme.lower() not in (b"bearer", b"token") or len(key) > KEY_MAX_BYTES:
        return b""
    return key.strip()


def _unauthorized() -> QueuecastError:
    return Unauthorized(
        "send a valid key: Authorization: Bearer KEY",
        headers={"WWW-Authenticate": 'Bearer realm="queuecast"'},
    )
