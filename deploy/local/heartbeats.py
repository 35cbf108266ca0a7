"""Taking a dead worker's heartbeat away, so that its jobs are rescued at the next sweep."""

from collections.abc import Mapping


def forget_heartbeats(settings: Mapping[str, str], pid: int) -> None:
    """Best effort: without Redis the heartbeat expires by itself. Imports late: deaths are rare."""
    from redis import Redis, RedisError

    from shared.backlog.consumers import forget
    from shared.settings import Settings

    prefix = settings.get("QUEUECAST_KEY_PREFIX") or Settings.model_fields["key_prefix"].default
    url = settings["QUEUECAST_REDIS_URL"]
    try:
        with Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            forget(client, prefix, pid)
    except RedisError:
        return
