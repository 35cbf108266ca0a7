"""Consumers: who holds which entries, whether they live, and what they were running."""

import os
import secrets
import socket
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import cast

import redis

from shared.domain.names import Keys
from shared.settings import Settings

FENCED_SECONDS = 3600


class Consumer:
    """One process in the eyes of Redis; `kind` is its stage, or `sweeper`.

    The name is its identity: what it took is pending under it, and a heartbeat key of that name
    says that it lives. `start_anew` gives up the name with everything still pending under it; the
    sweeper then hands that work to others.
    """

    def __init__(self, client: redis.Redis, kind: str, settings: Settings) -> None:
        self._redis = client
        self._kind = kind
        self._keys = Keys(settings.key_prefix)
        self._ttl_seconds = settings.heartbeat_ttl_seconds
        self._lock = threading.Lock()
        self._abandoned: list[str] = []
        self._server: str | None = None
        self._name = self._new_name()

    @property
    def name(self) -> str:
        return self._name

    def beat(self) -> bool:
        """Says that this consumer lives. False when its work was taken away meanwhile."""
        pipeline = self._redis.pipeline(transaction=True)
        abandoned = list(self._abandoned)
        if abandoned:
            pipeline.delete(*abandoned)
        pipeline.expire(self._keys.running(self._name), FENCED_SECONDS)
        pipeline.info("server")
        pipeline.sismember(self._keys.consumers, self._name)
        pipeline.exists(self._keys.fenced(self._name))
        # Not SET at once: a Redis that is full refuses it, and everybody would seem dead.
        pipeline.expire(self._keys.heartbeat(self._name), self._ttl_seconds)
        *_, server, listed, fenced, was_alive = pipeline.execute()
        del self._abandoned[: len(abandoned)]
        if not was_alive:
            self._redis.set(self._keys.heartbeat(self._name), b"1", ex=self._ttl_seconds)
        if not listed:
            self._redis.sadd(self._keys.consumers, self._name)
        before, self._server = self._server, server["run_id"]
        if before not in (None, self._server):
            # It may have lost its last second: what we let go of then is pending under our name
            # again, where nobody would look for it while we live.
            self.start_anew(crashed=False)
        return not fenced

    def is_alive(self) -> bool:
        """Whether the last heartbeat still counts."""
        return bool(self._redis.exists(self._keys.heartbeat(self._name)))

    def note_running(self, job_ids: Iterable[str]) -> None:
        """Notes what this thread runs from now on: only that counts as crashed if we die.

        A take notes all it took; this narrows it down, unless Redis is full.
        """
        field = str(threading.get_ident())
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hset(self._keys.running(self._name), field, ",".join(job_ids))
        pipeline.expire(self._keys.running(self._name), FENCED_SECONDS)
        with suppress(redis.OutOfMemoryError):
            pipeline.execute()

    def start_anew(self, *, crashed: bool) -> None:
        """Goes on under a new name, and lets the old one die at once where Redis can be reached.

        What ran under it counts as `crashed`, or only as held.
        """
        with self._lock:
            self._abandoned.append(self._keys.heartbeat(self._name))
            if not crashed:
                self._abandoned.append(self._keys.running(self._name))
            self._name = self._new_name()
        try:
            self.beat()
        except redis.RedisError:
            return  # the next beat does it

    def leave(self) -> None:
        """A clean exit: whatever is still pending is free at once."""
        self._redis.delete(self._keys.heartbeat(self._name), self._keys.running(self._name))

    def give_up(self) -> None:
        """Lets this consumer die at once; what it was running counts as crashed."""
        self._redis.delete(self._keys.heartbeat(self._name))

    def _new_name(self) -> str:
        host = socket.gethostname().replace(":", "-")
        return f"{self._kind}:{host}:{os.getpid()}:{secrets.token_hex(4)}"


def living(client: redis.Redis, prefix: str) -> list[str]:
    """The names of all consumers that were heard of within the heartbeat's time."""
    keys = Keys(prefix)
    names = sorted(one.decode() for one in cast("set[bytes]", client.smembers(keys.consumers)))
    found = alive(client, prefix, names)
    if dead := [name for name in names if name not in found]:
        client.srem(keys.consumers, *dead)  # who lives after all says so with the next beat
    return [name for name in names if name in found]


def alive(client: redis.Redis, prefix: str, names: Sequence[str]) -> set[str]:
    """Those of the names whose heartbeat still counts."""
    pipeline = client.pipeline(transaction=False)
    for name in names:
        pipeline.exists(Keys(prefix).heartbeat(name))
    return {name for name, there in zip(names, pipeline.execute(), strict=True) if there}


def forget(client: redis.Redis, prefix: str, pid: int) -> int:
    """Removes the heartbeats of a process of this host that is known to be dead.

    Its work is rescued at the next sweep instead of when the heartbeat would have expired.
    Answers how many were removed.
    """
    host = socket.gethostname().replace(":", "-")
    dead = [name for name in living(client, prefix) if name.split(":")[1:3] == [host, str(pid)]]
    keys = Keys(prefix)
    return client.delete(*(keys.heartbeat(name) for name in dead)) if dead else 0
