"""Whose key is this? Guessing is slow, and tells nothing."""

import asyncio
from time import perf_counter

from api.failed_attempts import ALLOWED, WINDOW_SECONDS, FailedAttempts
from shared.access.key_ring import KeyRing
from shared.access.principal import Principal
from shared.clock import Clock
from shared.domain.rate_limits import Policy, limit_reached
from shared.errors import QueuecastError, Unauthorized
from shared.telemetry import counters

REFUSAL_SECONDS = 0.02
"""Every 401 takes at least so long, whatever its reason: how long it takes tells nothing."""

KEY_MAX_BYTES = 128

WRONG_KEYS = Policy("wrong-keys", ALLOWED, WINDOW_SECONDS)


class KeyCheck:
    """Of one API process, wherever a key comes from: a header, or the form of the web page."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._failures = FailedAttempts(clock)

    def known(self, key: bytes) -> Principal | None:
        """Whose key this is, if that is known without asking."""
        return self._ring.known(key)

    async def find(self, key: bytes, address: str) -> Principal:
        """Raises Unauthorized, RateLimited and BusyError; `address` is where it came from."""
        began = perf_counter()
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


def _unauthorized() -> QueuecastError:
    return Unauthorized(
        "send a valid key: Authorization: Bearer KEY",
        headers={"WWW-Authenticate": 'Bearer realm="queuecast"'},
    )
