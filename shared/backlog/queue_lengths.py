"""How many jobs of a model wait or run before their outcome is known, as Redis has them."""

import asyncio
from typing import Any, cast

from redis.asyncio import Redis as AsyncRedis

from shared.backlog.rooms import Count
from shared.domain.names import Keys, Stage
from shared.settings import Settings

_ENTERED = "entries-added"
"""Redis 7 and Valkey keep count of it; Redis 6.2 does not."""


class QueueLengths:
    """Raises redis.RedisError or TimeoutError while Redis does not answer."""

    def __init__(self, client: AsyncRedis, settings: Settings) -> None:
        self._redis = client
        self._keys = Keys(settings.key_prefix)
        self._budget_seconds = settings.redis_budget_seconds

    async def __call__(self, model: str, _most: int) -> Count:
        async with asyncio.timeout(self._budget_seconds):
            members = await cast(Any, self._redis.smembers(self._keys.streams))
            pipeline, stages = self._redis.pipeline(transaction=False), []
            for key in map(bytes.decode, members):
                backlog, _ = self._keys.parse_stream(key)
                if backlog.model == model:
                    pipeline.xinfo_stream(key)
                    stages.append(backlog.stage)
            found = await pipeline.execute(raise_on_error=False)
        streams = [one for one in zip(stages, found, strict=True) if isinstance(one[1], dict)]
        inside = sum(told["length"] for _, told in streams)
        first = [told for stage, told in streams if stage is Stage.PREPROCESS]
        if not first or not all(_ENTERED in told for told in first):
            return Count(inside)
        return Count(inside, sum(told[_ENTERED] for told in first))
