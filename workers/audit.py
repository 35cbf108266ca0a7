"""The audit: finds jobs that have a snapshot in Redis but no entry.

Every step of ours writes both or neither, so this is what a Redis leaves that lost single keys. It
is made when Redis holds fewer entries than SQL owes, twice in a row; and from time to time while
somebody has been owed for long, because under load the entries of the young hide that of the old.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from importlib.resources import files
from typing import Any, cast

import structlog

from shared.backlog.backlogs import Move, Taken
from shared.backlog.entries import Entry
from shared.container import Container
from shared.db.engine import reading
from shared.domain.names import Keys, Stage
from shared.domain.prediction import HEAD_BYTES, unfinished_attempt
from shared.jobs import store, views
from shared.jobs.store import Due
from shared.telemetry import counters

log = structlog.get_logger()

AUDIT_SECONDS = 10.0

LONG_OWED_SECONDS = 300.0
"""A job that is owed for so long has the entries listed, and again after that time."""

SLICE = 500

_IN_ORDER = list(Stage)
"""Entries move forward: who looks at the stages in this order misses none that is there."""


class Audit:
    """One sweeper's audit; `run` is cheap until something is missing."""

    def __init__(self, container: Container) -> None:
        self._settings = container.settings
        self._engine = container.engine
        self._redis = container.redis
        self._backlogs = container.backlogs
        self._clock = container.clock
        self._keys = Keys(container.settings.key_prefix)
        script = files("shared.backlog").joinpath("list_jobs.lua").read_text()
        self._list_jobs = self._redis.register_script(script)
        self._next_at = 0.0
        self._list_at = 0.0
        self._was_short = False

    def run(self) -> None:
        """At most every `AUDIT_SECONDS`; orphans lose their snapshot, and are dispatched anew."""
        if self._clock.monotonic() < self._next_at:
            return
        self._next_at = self._clock.monotonic() + AUDIT_SECONDS
        now = self._clock.now()
        with reading(self._engine) as connection:
            owed = store.count_due(connection, now)
            long_ago = now - timedelta(seconds=LONG_OWED_SECONDS)
            waits_long = bool(owed and store.due(connection, long_ago, None, 1))
        short = owed > self._entries()
        if (short and self._was_short) or (waits_long and self._clock.monotonic() >= self._list_at):
            self._list_at = self._clock.monotonic() + LONG_OWED_SECONDS
            self._give_back_orphans()
        self._was_short = short

    def _entries(self) -> int:
        pipeline = self._redis.pipeline(transaction=False)
        for stream in self._streams():
            pipeline.xlen(stream)
        return sum(pipeline.execute())

    def _give_back_orphans(self) -> None:
        """Whoever had a snapshot before the entries were listed, and is not listed, has none."""
        attempts = dict(self._attempts())
        listed = set(self._listed())
        orphans = [one for one in attempts if self._keys.snapshot(one) not in listed]
        for start in range(0, len(orphans), SLICE):
            self._forget({one: attempts[one] for one in orphans[start : start + SLICE]})

    def _attempts(self) -> Iterator[tuple[str, int]]:
        """The attempt under which Redis has each job that is owed; an older one, perhaps."""
        for due in self._owed():
            pipeline = self._redis.pipeline(transaction=False)
            for one in due:
                pipeline.getrange(self._keys.snapshot(one.id), 0, HEAD_BYTES - 1)
            for one, head in zip(due, pipeline.execute(), strict=True):
                if (attempt := unfinished_attempt(head)) is not None:
                    yield one.id, attempt

    def _owed(self) -> Iterator[list[Due]]:
        position: str | None = None
        while True:
            with reading(self._engine) as connection:
                due = store.due(connection, self._clock.now(), position, SLICE)
            yield due
            if len(due) < SLICE:
                return
            position = due[-1].id

    def _listed(self) -> Iterator[str]:
        for stream in self._streams():
            start = "-"
            while True:
                last, keys = cast(Any, self._list_jobs(keys=[stream], args=[start, SLICE]))
                yield from (key.decode() for key in keys)
                if len(keys) < SLICE:
                    break
                start = f"({last.decode()}"

    def _forget(self, orphans: Mapping[str, int]) -> None:
        """Takes their snapshots away, unless they have moved on to another attempt meanwhile."""
        with reading(self._engine) as connection:
            rows = store.read_many(connection, list(orphans))
        echo = self._settings.echo_input_max_bytes
        entries = (
            Entry(views.from_row(row, echo) | {"attempt": orphans[row["id"]]}) for row in rows
        )
        nowhere = (Move(entry, None, Taken(entry, "", b"")) for entry in entries)
        found = sum(self._backlogs.move(list(nowhere)))
        if found:
            counters.jobs_rescued.labels("orphaned").inc(found)
            log.warning("orphans_given_back", jobs=found)

    def _streams(self) -> list[str]:
        members: Iterable[bytes] = cast("set[bytes]", self._redis.smembers(self._keys.streams))
        names = (member.decode() for member in members)
        return sorted(names, key=lambda name: _IN_ORDER.index(self._stage(name)))

    def _stage(self, stream: str) -> Stage:
        return self._keys.parse_stream(stream)[0].stage
