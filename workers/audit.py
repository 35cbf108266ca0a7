"""The audit: finds jobs that have a snapshot in Redis but no entry.

Every step of ours writes both or neither, so this is what a Redis leaves that lost single keys. It
is made when Redis holds fewer entries than SQL owes, twice in a row; and from time to time while
somebody has been owed for long, because under load the entries of the young hide that of the old.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from importlib.resources import files
from typing import Any, cast

import structlog

from shared.backlog.backlogs import Move, Taken
from shared.backlog.entries import Entry
from shared.container import Container
from shared.db.engine import reading
from shared.domain.names import Keys, Stage
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
        """Whoever is owed before the entries are listed, and not listed, has none."""
        owed = list(self._owed())
        listed = set(self._listed())
        orphans = [one for one in owed if self._keys.snapshot(one.id) not in listed]
        for start in range(0, len(orphans), SLICE):
            self._forget(orphans[start : start + SLICE])

    def _owed(self) -> Iterator[Due]:
        position: str | None = None
        while True:
            with reading(self._engine) as connection:
                due = store.due(connection, self._clock.now(), position, SLICE)
            yield from due
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

    def _forget(self, orphans: Sequence[Due]) -> None:
        """Takes their snapshots away, unless they have moved on to another attempt meanwhile."""
        attempts = {one.id: one.attempt for one in orphans}
        with reading(self._engine) as connection:
            rows = store.read_many(connection, list(attempts))
        echo = self._settings.echo_input_max_bytes
        same = (row for row in rows if row["attempt"] == attempts[row["id"]])
        entries = (Entry(views.from_row(row, echo)) for row in same)
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
