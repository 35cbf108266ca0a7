"""The Redis of QUEUECAST_REDIS_URL: somebody else's, so it must be there already."""

from urllib.parse import urlsplit

from shared.errors import StartupRefused


def require_answer(url: str) -> None:
    """Raises StartupRefused, without the password, when it does not answer or is too old."""
    from redis import Redis, RedisError

    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
    try:
        with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            version = str(client.info("server")["redis_version"])
    except (RedisError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StartupRefused(f"QUEUECAST_REDIS_URL: no Redis at {where}: {reason}") from None
    if tuple(int(part) for part in version.split(".")[:2]) < (6, 2):
        raise StartupRefused(f"QUEUECAST_REDIS_URL: {where} is Redis {version}, 6.2 is needed")
