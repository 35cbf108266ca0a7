"""The Redis of QUEUECAST_REDIS_URL: somebody else's, so it must be there already."""

from typing import Any
from urllib.parse import urlsplit

from shared.errors import StartupRefused


def require_answer(url: str) -> None:
    """Raises StartupRefused, without the password, when it is away, too old, or evicts keys."""
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
    info = _info(url, where)
    version = str(info["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < (6, 2):
        raise StartupRefused(f"QUEUECAST_REDIS_URL: {where} is Redis {version}, 6.2 is needed")
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if info.get("maxmemory") and policy != "noeviction":
        raise StartupRefused(
            f"QUEUECAST_REDIS_URL: {where} evicts keys when it is full ({policy}); "
            "set maxmemory-policy noeviction"
        )


def _info(url: str, where: str) -> dict[str, Any]:
    from redis import Redis, RedisError

    try:
        with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            return {**client.info("server"), **client.info("memory")}
    except (RedisError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StartupRefused(f"QUEUECAST_REDIS_URL: no Redis at {where}: {reason}") from None
