"""How much waits where, and since when: what people, alerts and autoscalers look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

import redis

from shared.domain.names import GROUP, Backlog, Keys, Priority


@dataclass(frozen=True, slots=True)
class StreamDepth:
    """One stream: entries that nobody has taken, those in a worker's hands, the age of the oldest.

    An entry is as old as its stay in this stream, whoever holds it.
    """

    backlog: Backlog
    priority: Priority
    waiting: int
    in_progress: int
    oldest_age_seconds: float


def read_depths(client: redis.Redis, keys: Keys) -> list[StreamDepth]:
    """Of every stream that ever held an entry, also of empty ones; raises redis.RedisError.

    Two round trips, in which no payload is read.
    """
    streams = sorted(one.decode() for one in cast("set[bytes]", client.smembers(keys.streams)))
    if not streams:
        return []
    script = files("shared.backlog").joinpath("depths.lua").read_text()
    time, found = cast(Any, client.register_script(script)(keys=streams, args=[GROUP]))
    now = int(time[0]) + int(time[1]) / 1e6
    return [_depth(keys, *pair, now) for pair in zip(streams, found, strict=True)]


def _depth(keys: Keys, stream: str, found: Sequence[Any], now: float) -> StreamDepth:
    length, pending, oldest = found
    added = int(oldest.partition(b"-")[0]) / 1000 if oldest else now
    return StreamDepth(
        *keys.parse_stream(stream),
        waiting=max(0, length - pending),
        in_progress=pending,
        oldest_age_seconds=max(0.0, now - added),
    )
