"""What a Redis server did, by its own count."""

from dataclasses import dataclass

import redis


@dataclass(frozen=True, slots=True)
class Counters:
    """Since the server's start.

    `commands` counts every command, those inside Lua scripts and MULTI included. `reads` counts
    what came off its sockets in one go: a pipeline, a MULTI block and a script call are one each,
    so it is the number of round trips (above 16 KiB the server reads a request in parts).
    """

    commands: int
    reads: int
    used_bytes: int


def counters(url: str | None) -> Counters | None:
    """None for a system without Redis."""
    if url is None:
        return None
    with redis.Redis.from_url(url) as client:
        info = client.info("everything")
    return Counters(
        info["total_commands_processed"], info["total_reads_processed"], info["used_memory"]
    )


def used_bytes(url: str | None) -> int:
    """Memory of the server's data; 0 for a system without Redis."""
    found = counters(url)
    return found.used_bytes if found else 0
