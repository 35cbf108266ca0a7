"""The processes of one system: each says while it lives what all must agree on, and can compare.

With another key prefix, or another database, nothing fails and nothing runs: so it is said aloud.
"""

import os
import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import orjson
import redis
import structlog

from shared.domain.names import SYSTEMS, Keys
from shared.errors import StartupRefused
from shared.settings import Settings

log = structlog.get_logger()

NAMED_AT_ONCE = 20


class Fact(StrEnum):
    """What processes of one system have in common. Who does not know one leaves it out."""

    PREFIX = "key prefix"
    DATABASE = "database"
    BLOBS = "blob store"
    SCHEMA = "schema"
    ENTRIES = "entry format"
    MODELS = "models"


FATAL = frozenset({Fact.PREFIX, Fact.DATABASE})
"""A process that differs in these from one that lives will not start: one of the two would lose
jobs of the other, or never see any."""

PASSING = frozenset({Fact.SCHEMA, Fact.ENTRIES, Fact.MODELS})
"""In these old and new differ while an upgrade goes from process to process."""

Facts = Mapping[Fact, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """`process` lives, and has something else in this fact than the one who asks."""

    fact: Fact
    process: str
    theirs: str
    ours: str


def differences(ours: Facts, others: Mapping[str, Facts]) -> list[Difference]:
    """Pure. Under another key prefix are other systems, unless they share database or blobs."""
    found = []
    for process, theirs in sorted(others.items()):
        facts = (fact for fact in Fact if fact in ours and fact in theirs)
        differing = [fact for fact in facts if ours[fact] != theirs[fact]]
        if Fact.PREFIX in differing:
            shared = (Fact.DATABASE, Fact.BLOBS)
            same = any(one in theirs and theirs[one] == ours.get(one) for one in shared)
            differing = [Fact.PREFIX] if same else []
        found += [Difference(fact, process, theirs[fact], ours[fact]) for fact in differing]
    return found


class Company:
    """One process among the others; `name` is its place among them."""

    def __init__(self, client: redis.Redis, kind: str, settings: Settings, facts: Facts) -> None:
        self._redis = client
        self._keys = Keys(settings.key_prefix)
        self._pause_seconds = settings.heartbeat_seconds
        self._ttl_seconds = settings.heartbeat_ttl_seconds
        self._stopped = threading.Event()
        host = socket.gethostname().replace(":", "-")
        self.name = f"{kind}:{host}:{os.getpid()}"
        self.facts = {**facts, Fact.PREFIX: settings.key_prefix}

    def join(self) -> None:
        """From now on the others see it; a thread says so again and again.

        Raises StartupRefused where it contradicts one of them in what is `FATAL`. Without Redis
        nobody can be asked.
        """
        try:
            found = self.differences()
        except redis.RedisError as error:
            log.warning("company_unknown", error=type(error).__name__)
            found = []
        for one in found[:NAMED_AT_ONCE]:
            if one.fact in FATAL:
                raise StartupRefused(
                    f"{one.process} lives with another {one.fact}: {one.theirs}, not {one.ours}"
                )
            log.warning("settings_differ", fact=one.fact, process=one.process)
        self._say()
        threading.Thread(target=self._run, name="company", daemon=True).start()

    def leave(self) -> None:
        """A clean exit is seen at once."""
        self._stopped.set()
        try:
            self._redis.delete(self._keys.facts(self.name))
        except redis.RedisError:
            return  # it expires

    def differences(self) -> list[Difference]:
        """To all who live; may raise redis.RedisError."""
        return differences(self.facts, self._others())

    def _others(self) -> dict[str, Facts]:
        found: dict[str, Facts] = {}
        for prefix in sorted({*self._prefixes(), self._keys.prefix}):
            keys = Keys(prefix)
            names = [one.decode() for one in cast("set[bytes]", self._redis.smembers(keys.company))]
            found |= self._read(keys, [name for name in names if name != self.name])
        return found

    def _prefixes(self) -> list[str]:
        """Of all systems on this server, if we may look beyond our own keys."""
        try:
            members = cast("set[bytes]", self._redis.smembers(SYSTEMS))
        except redis.ResponseError:
            return []
        return [one.decode() for one in members]

    def _read(self, keys: Keys, names: Iterable[str]) -> dict[str, Facts]:
        asked = list(names)
        if not asked:
            return {}
        values = cast("list[bytes | None]", self._redis.mget(map(keys.facts, asked)))
        gone = [name for name, value in zip(asked, values, strict=True) if value is None]
        if gone:
            self._redis.srem(keys.company, *gone)  # who lives after all says so again
        living = (pair for pair in zip(asked, values, strict=True) if pair[1] is not None)
        return {name: _facts(value) for name, value in living if value is not None}

    def _run(self) -> None:
        while not self._stopped.wait(self._pause_seconds):
            self._say()

    def _say(self) -> None:
        try:
            pipeline = self._redis.pipeline(transaction=False)
            facts = orjson.dumps({fact.value: told for fact, told in self.facts.items()})
            pipeline.set(self._keys.facts(self.name), facts, ex=self._ttl_seconds)
            pipeline.sadd(self._keys.company, self.name)
            pipeline.sadd(SYSTEMS, self._keys.prefix)
            pipeline.execute(raise_on_error=False)
        except redis.RedisError as error:
            log.debug("company_not_told", error=type(error).__name__)


def _facts(value: bytes) -> dict[Fact, str]:
    """What is known to this release of what a process has said."""
    said = orjson.loads(value)
    return {fact: str(said[fact]) for fact in Fact if fact in said}
