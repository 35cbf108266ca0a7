"""How many jobs of a model wait or run before their outcome is known, as Redis has them."""

import asyncio
from typing import Any, cast

from redis.asyncio import Redis as AsyncRedis

from shared.backlog.rooms import Count
from shared.domain.names import GROUP, Keys, Stage
from shared.settings import Settings


class QueueLengths:
    """Raises redis.RedisError or TimeoutError while Redis does not answer."""

    def __init__(self, client: AsyncRedis, settings: Settings) -> None:
        self._redis = client
        self._keys = Keys(settings.key_prefix)
        self._budget_seconds = settings.redis_budget_seconds

    async def __call__(self, model: str, _most: int) -> Count:
        pipeline = self._redis.pipeline(transaction=False)
        async with asyncio.timeout(self._budget_seconds):
            members = await cast(Any, self._redis.smembers(self._keys.streams))
            for key in map(bytes.decode, members):
                backlog, _ = self._keys.parse_stream(key)
                if backlog.model == model:
                    pipeline.xlen(key)
                    if backlog.stage is Stage.PREPROCESS:
                        pipeline.xinfo_groups(key)  # not of the stream: that brings whole entries
            found = await pipeline.execute(raise_on_error=False)
        inside = sum(one for one in found if isinstance(one, int))
        return Count(inside, _entered([one for one in found if isinstance(one, list)]))


def _entered(streams: list[list[dict[str, Any]]]) -> int | None:
    """How many entries were ever added; None where Redis does not know.

    Redis 6.2 never does, others not before a worker has looked.
    """
    entered = 0
    for groups in streams:
        ours = next((one for one in groups if one["name"] == GROUP.encode()), {})
        read, lag = ours.get("entries-read"), ours.get("lag")
        if read is None or lag is None:
            return None
        entered += read + lag
    return entered
