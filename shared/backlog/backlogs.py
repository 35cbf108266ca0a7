"""The backlogs of all stages: take from them, move between them. Each call is one round trip."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from itertools import compress, groupby
from math import inf
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import orjson
import redis

from shared.backlog import entries, quarantine
from shared.backlog.bells import Bells
from shared.backlog.consumers import FENCED_SECONDS
from shared.backlog.entries import Entry, EntryUnreadable
from shared.backlog.hearing import run_after_bell
from shared.backlog.waiting_line import WAITING_STAGES
from shared.domain import prediction
from shared.domain.names import GROUP, RECORD, Backlog, Keys, Priority, Stage
from shared.domain.prediction import Snapshot
from shared.domain.serving import Served, Serving
from shared.domain.states import Progress, State
from shared.settings import Settings

PUBLISHED_MAX_BYTES = 4 << 10
"""Whoever waits for a larger snapshot is only woken, and reads it."""

SHOWN_AT_ONCE = 1000
"""Any number of jobs may end with the one that they joined; a script takes some thousands."""

ASKED_AT_ONCE = 16
"""The first of a batch is owed as a rule, and then no other snapshot need be read."""

HUSH_GRACE_SECONDS = 1.0

RESULT_GRACE_SECONDS = 60
"""Before an output expires its result is reused no more: whoever was given it has committed."""

_WAY, _FIELDS, _TAKEN = 4, 7, 5
"""So much the scripts are told of each way and each entry, and so much of each they answer."""


class Taken(NamedTuple):
    """An entry in a consumer's hands: `stream` and `entry_id` say where it is pending."""

    entry: Entry
    stream: str
    entry_id: bytes


class Take(NamedTuple):
    """What one take brought; `at` is the time in Redis, epoch seconds.

    `bell` is what it heard before, if it waited for one: of whatever backlog of the same queue.
    """

    at: float
    taken: list[Taken]
    bell: bytes | None = None


class Move(NamedTuple):
    """One entry's step: from `source` (None: from SQL) to `destination` (None: back to SQL)."""

    entry: Entry
    destination: Backlog | None
    source: Taken | None = None


class Backlogs:
    """Thread-safe; every method may raise redis.RedisError."""

    def __init__(
        self,
        client: redis.Redis,
        settings: Settings,
        served: Served = MappingProxyType({}),
    ) -> None:
        self.keys = Keys(settings.key_prefix)
        self._redis = client
        self._served = served
        self._bells = Bells(self.keys, served)
        self._settings = settings
        kept = settings.result_kept
        self._reused_at_most = kept.total_seconds() - RESULT_GRACE_SECONDS if kept else inf
        # Rows and bytes of a mean entry of the last take: how carefully the next one begins.
        self._means: dict[Backlog, tuple[float, float]] = {}
        folder = files("shared.backlog")
        self._move, self._take, self._look, self._finish, self._ring = (
            client.register_script(folder.joinpath(f"{name}.lua").read_text())
            for name in ("move", "take", "look", "finish", "ring")
        )

    def take(
        self,
        backlog: Backlog,
        consumer: str,
        rows: int,
        order: Sequence[Priority] = tuple(Priority),
        *,
        noting: bool = True,
        bell_seconds: float = 0.0,
    ) -> Take:
        """What waits, up to `rows` or `batch_max_bytes`: higher priorities first, or in `order`.

        An entry counts as one row at least. The last entries may exceed a bound: one as a rule,
        15 at most. Rings for the next worker when something may be left, and, with `noting`, notes
        what was taken as what the calling thread runs (see `Consumer.note_running`). Entries that
        nobody can read go to the quarantine; their jobs are dispatched again from SQL.

        With `bell_seconds` it first waits so long for a bell on the queue of the backlog, and then
        takes only if this backlog's own rang.
        """
        bell = self._bells.of(backlog)
        keys = [bell.key, self.keys.heartbeat(consumer), bell.queue, self.keys.running(consumer)]
        keys += [self.keys.stream(backlog, priority) for priority in order]
        seconds = (self._settings.bell_ttl_seconds, self._settings.heartbeat_ttl_seconds)
        begun = prediction.progress(Progress.PREPROCESSING)
        stage = begun if backlog.stage is Stage.PREPROCESS else b""
        noting = noting and backlog.stage is not Stage.RECORD
        thread = threading.get_ident() if noting else b""
        bounds = (self._settings.batch_max_bytes, self._first_slice(backlog, rows))
        noted = (bell.message, thread, FENCED_SECONDS, int(bell_seconds > 0))
        arguments: list[Any] = [GROUP, consumer, rows, *seconds, stage, *bounds, *noted]
        heard: bytes | None = None
        if bell_seconds > 0:
            heard, reply = run_after_bell(
                self._redis, bell.queue, bell_seconds, self._take, keys=keys, args=arguments
            )
        else:
            reply = cast(Any, self._take(keys=keys, args=arguments))
        time, streams = reply
        taken: list[Taken] = []
        for stream, found in streams:
            taken += self._readable(stream.decode(), found)
        if taken:
            self._means[backlog] = _mean(taken)
        return Take(_seconds(time), taken, heard)

    def look_again(self, some: Sequence[Taken]) -> Take:
        """Those of `some` whose jobs are still unfinished under their attempt; the others leave."""
        arguments: list[Any] = [GROUP]
        for one in some:
            fence = prediction.fence(one.entry.attempt)
            arguments += [one.stream, one.entry_id, self.keys.snapshot(one.entry.id), fence]
        time, owed = cast(Any, self._look(args=arguments))
        return Take(_seconds(time), list(compress(some, owed)))

    def owes_any(self, some: Sequence[Taken]) -> bool:
        """Whether one of their jobs at least is still unfinished under its attempt; only asks."""
        for start in range(0, len(some), ASKED_AT_ONCE):
            asked = some[start : start + ASKED_AT_ONCE]
            keys = [self.keys.snapshot(one.entry.id) for one in asked]
            found = cast("list[bytes | None]", self._redis.mget(keys))
            for one, snapshot in zip(asked, found, strict=True):
                if snapshot and snapshot.startswith(prediction.fence(one.entry.attempt)):
                    return True
        return False

    def move(self, moves: Sequence[Move]) -> list[bool]:
        """Moves each entry as one step of Redis and rings where no bell was ringing.

        Answers which of them moved: False means that the job is no longer this attempt's (or, for
        a new dispatch, that it is in Redis already); its entry has left the source all the same.
        """
        if not moves:
            return []
        bells: dict[Backlog, int] = {}
        ways: list[Any] = []
        fields: list[Any] = []
        for (source, destination, priority), some in groupby(moves, _way):
            stream, bell, before = "", 0, len(fields)
            if destination is not None:
                stream = self.keys.stream(destination, Priority(priority))
                bell = bells.setdefault(destination, len(bells))
            for move in some:
                fields += self._fields(move)
            ways += [source, stream, bell, (len(fields) - before) // _FIELDS]
        head: list[Any] = [self.keys.streams, self._settings.bell_ttl_seconds, GROUP]
        sizes = [len(bells), len(ways) // _WAY]
        moved = cast(Any, self._move(args=[*head, *sizes, *self._messages(bells), *ways, *fields]))
        return [bool(one) for one in moved]

    def finish(
        self,
        snapshots: Iterable[Snapshot],
        sources: Iterable[Taken] = (),
        hashes: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Makes terminal snapshots readable, lets go of the entries and tells who waits.

        `hashes` are the input hashes of those jobs whose results may be reused, by id.
        """
        waiting = list(snapshots)
        while len(waiting) > SHOWN_AT_ONCE:
            self._show(waiting[:SHOWN_AT_ONCE], (), hashes)
            waiting = waiting[SHOWN_AT_ONCE:]
        self._show(waiting, sources, hashes)

    def leave(
        self, snapshots: Sequence[Snapshot], hashes: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """As `finish`, for jobs that nobody holds: the sweeper looks for entries of theirs soon."""
        self.finish(snapshots, hashes=hashes)
        streams = {stream for one in snapshots for stream in self._may_wait_in(one)}
        if streams:
            with suppress(redis.ResponseError):  # Redis is full; whoever takes them drops them
                self._redis.sadd(self.keys.left_behind, *streams)

    def _may_wait_in(self, job: Snapshot) -> list[str]:
        backlogs = (Backlog(one, job["model"], job["version"]) for one in WAITING_STAGES)
        return [self.keys.stream(one, Priority(job["priority"])) for one in backlogs]

    def _show(
        self, snapshots: Iterable[Snapshot], sources: Iterable[Taken], hashes: Mapping[str, str]
    ) -> None:
        shown: list[Any] = []
        results: list[Any] = []
        left: list[Any] = []
        done: dict[str, str | None] = {}
        for snapshot in snapshots:
            job_id, serving = snapshot["id"], self._served.get(snapshot["model"], Serving())
            reused = self._reused_seconds(serving) if snapshot["status"] == State.SUCCEEDED else 0
            seconds = max(self._settings.snapshot_ttl_seconds, reused)
            data = prediction.encode(snapshot)
            shown += [self.keys.snapshot(job_id), data, seconds]
            if job_id in hashes and serving.cache_seconds:
                results += [self.keys.results(snapshot["model"]), hashes[job_id], job_id, reused]
            done[job_id] = data.decode() if len(data) <= PUBLISHED_MAX_BYTES else None
        for source in sources:
            left += [source.stream, source.entry_id]
        head: list[Any] = [GROUP, self.keys.done, len(done), len(results) // 4]
        self._finish(args=[*head, *shown, *results, *left, orjson.dumps(done)])

    def _reused_seconds(self, serving: Serving) -> int:
        """How long a result counts: it is given to nobody once it is about to be taken away."""
        return int(max(0.0, min(serving.cache_seconds, self._reused_at_most)))

    def ring(self, backlogs: Iterable[Backlog]) -> list[Backlog]:
        """Rings those of `backlogs` whose bell is silent, and answers which."""
        wanted = list(backlogs)
        arguments = [self._settings.bell_ttl_seconds, *self._messages(wanted)]
        rung = cast(Any, self._ring(args=arguments))
        return [one for one, was in zip(wanted, rung, strict=True) if was]

    def hear(self, backlog: Backlog) -> None:
        """Clears a bell that no take clears: whoever adds from now on rings again."""
        self._redis.delete(self.keys.bell(backlog))

    def _messages(self, backlogs: Iterable[Backlog]) -> list[Any]:
        return [part for backlog in backlogs for part in self._bells.of(backlog)]

    def hush(self, backlog: Backlog, seconds: float) -> None:
        """Keeps the bell of a backlog from ringing: the caller takes from it in `seconds`."""
        milliseconds = int((seconds + HUSH_GRACE_SECONDS) * 1000)
        with suppress(redis.ResponseError):  # Redis is full; a bell too many harms nobody
            self._redis.set(self.keys.bell(backlog), b"1", nx=True, px=milliseconds)

    def _first_slice(self, backlog: Backlog, rows: int) -> int:
        """How many entries like the last ones fill a take; a single one where none were seen."""
        if backlog not in self._means:
            return 1
        mean_rows, mean_bytes = self._means[backlog]
        most = min(rows / mean_rows, self._settings.batch_max_bytes / mean_bytes)
        return max(1, int(most))

    def _fields(self, move: Move) -> tuple[Any, ...]:
        """What the script wants to know of one entry."""
        entry, source = move.entry, move.source
        # Recording takes milliseconds: it is not worth writing every job once more.
        snapshot = b"" if move.destination == RECORD else prediction.encode(entry.job)
        return (
            source.entry_id if source else b"",
            self.keys.snapshot(entry.id),
            prediction.fence(entry.attempt),
            snapshot,
            entry.header(snapshot),
            entry.payload,
            b"%d %d" % declared if (declared := entry.declared) else b"",
        )

    def _readable(self, stream: str, found: Sequence[Any]) -> list[Taken]:
        taken = []
        for start in range(0, len(found), _TAKEN):
            entry_id, *parts = found[start : start + _TAKEN]
            try:
                taken.append(Taken(entries.read(*parts), stream, entry_id))
            except EntryUnreadable:
                entry = cast(Any, self._redis.xrange(stream, entry_id, entry_id))
                self.set_aside(stream, entry_id, entry[0][1] if entry else {})
        return taken

    def set_aside(self, stream: str, entry_id: bytes, fields: Mapping[bytes, bytes]) -> None:
        """Keeps what nobody can read among the last hundred; its job leaves Redis, back to SQL."""
        pipeline = self._redis.pipeline(transaction=True)
        quarantine.keep(pipeline, self.keys, (stream, entry_id, fields))
        pipeline.xack(stream, GROUP, entry_id)
        pipeline.xdel(stream, entry_id)
        if key := fields.get(b"k"):
            pipeline.delete(key)
        pipeline.execute()


def _seconds(time: Sequence[bytes]) -> float:
    """What TIME answers, as epoch seconds."""
    return int(time[0]) + int(time[1]) / 1e6


def _mean(taken: Sequence[Taken]) -> tuple[float, float]:
    """Rows and bytes of the mean entry; 1 at least of each."""
    rows = sum(one.entry.rows for one in taken) / len(taken)
    return max(1.0, rows), max(1.0, sum(one.entry.weight for one in taken) / len(taken))


def _way(move: Move) -> tuple[str | bytes, Backlog | None, str]:
    """From which stream to where, at which priority: as a rule the same for a whole batch."""
    source = move.source
    return source.stream if source else b"", move.destination, move.entry.job["priority"]


@cache
def following(backlog: Backlog) -> Backlog:
    """Where a job goes after this stage."""
    if backlog.stage is Stage.PREPROCESS:
        return Backlog(Stage.PREDICT, backlog.model, backlog.version)
    return RECORD
