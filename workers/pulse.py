"""The pulse: whether a worker process consumes, and does not merely exist.

A canary is put on a queue of the worker's own; who hears nothing for long, though Redis is well, is
deaf, however well its other threads are.
"""

from collections.abc import Callable

import redis

from shared.clock import Clock

CANARY = b"canary"
"""On a queue it is no bell and no message of Celery's: the channel takes it out."""

DEAF_SECONDS = 30.0
"""Celery needs up to 10 s to come back to a Redis that is well again."""

_KEPT_SECONDS = 60


class Pulse:
    """Thread-safe. `is_busy` tells whether a run is under way, which the watchdog bounds."""

    def __init__(self, clock: Clock, is_busy: Callable[[], bool]) -> None:
        self._clock = clock
        self._is_busy = is_busy
        self._unheard_since: float | None = None

    def heard(self) -> None:
        """Something came from a queue, or work went on."""
        self._unheard_since = None

    def asked(self) -> None:
        """A canary is on the queue."""
        if self._unheard_since is None:
            self._unheard_since = self._clock.monotonic()

    def lost(self) -> None:
        """Redis or time was lost: a canary that was not heard proves nothing."""
        self._unheard_since = None

    @property
    def is_deaf(self) -> bool:
        since = self._unheard_since
        if since is None or self._is_busy():
            return False
        return self._clock.monotonic() - since > DEAF_SECONDS


class Canary:
    """Of one worker: `key` is the list that holds its own queue."""

    def __init__(self, client: redis.Redis, key: str) -> None:
        self._redis = client
        self._key = key

    def send(self) -> None:
        """There is one at most, and none for long when the worker is gone. May raise RedisError."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.delete(self._key)
        pipeline.lpush(self._key, CANARY)
        pipeline.expire(self._key, _KEPT_SECONDS)
        pipeline.execute()
