"""What tenants have used of what is bounded by time, in Redis: all API processes share it.

Sliding windows of the library `limits`: one command for each request of a tenant that has a limit,
and none where nobody has one.
"""

import asyncio
from typing import TYPE_CHECKING

import redis
from redis.asyncio import Redis as AsyncRedis

from shared.access.principal import DAY_SECONDS
from shared.backlog.breaker import Breaker
from shared.domain.rate_limits import Policy
from shared.settings import Settings
from shared.telemetry import counters

if TYPE_CHECKING:
    from limits import RateLimitItem


class Usage:
    """Without Redis everything fits: who is known is served, and the queue has its own bound."""

    def __init__(self, client: AsyncRedis, breaker: Breaker, settings: Settings) -> None:
        from limits.aio.storage import RedisStorage
        from limits.aio.strategies import SlidingWindowCounterRateLimiter

        self._breaker = breaker
        self._budget_seconds = settings.redis_budget_seconds
        self._storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=f"{settings.key_prefix}limits",
            connection_pool=client.connection_pool,  # type: ignore[arg-type]
        )
        self._windows = SlidingWindowCounterRateLimiter(self._storage)

    async def use(self, tenant: str, policy: Policy, cost: int) -> float | None:
        """None: it fits, and is used; else after how many seconds it would fit."""
        if self._breaker.is_open:
            return None
        item = _item(policy)
        try:
            async with asyncio.timeout(self._budget_seconds):
                if await self._windows.hit(item, tenant, cost=cost):
                    return None
                window = await self._storage.get_sliding_window(
                    item.key_for(tenant), item.get_expiry()
                )
        except (redis.RedisError, OSError, TimeoutError):
            self._breaker.trip()
            counters.redis_failures.labels("limit").inc()
            return None
        return seconds_until(policy.quota - cost, *window, window_seconds=item.get_expiry())


def seconds_until(
    fits_at: int,
    previous: int,
    previous_ends_in: float,
    current: int,
    current_ends_in: float,
    *,
    window_seconds: float,
) -> float:
    """When no more than `fits_at` is left in the window that slides.

    It counts all of the current fixed window, and of the one before it the part that the sliding
    one still covers. The current one becomes the one before when it ends.
    """
    if current <= fits_at:
        if not previous:
            return 0.0
        return max(0.0, previous_ends_in - (fits_at - current) * window_seconds / previous)
    shift = max(0.0, current_ends_in - window_seconds)
    return shift + window_seconds - fits_at * window_seconds / current


def _item(policy: Policy) -> "RateLimitItem":
    from limits import RateLimitItemPerDay, RateLimitItemPerSecond

    kind = RateLimitItemPerDay if policy.window_seconds == DAY_SECONDS else RateLimitItemPerSecond
    return kind(policy.quota, namespace=policy.name)
