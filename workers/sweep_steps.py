"""The steps of a sweep: look, decide (see `sweep_decisions`), act; a slice at a time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Any, cast

import redis
import structlog
from sqlalchemy import RowMapping

from shared import failpoints
from shared.backlog import entries
from shared.backlog.backlogs import Move, Taken
from shared.backlog.consumers import FENCED_SECONDS, alive
from shared.backlog.entries import Entry
from shared.container import Container
from shared.db.engine import reading, writing
from shared.domain.failures import DEADLINE_PASSED, Failure
from shared.domain.names import GROUP, RECORD, SWEPT_SECONDS, Backlog, Keys, Stage
from shared.domain.outcome import Outcome
from shared.domain.prediction import HEAD_BYTES, Snapshot, unfinished_attempt
from shared.jobs import lifecycle, store, views
from shared.jobs.last_joiners import follow_all
from shared.jobs.lifecycle import End
from shared.jobs.shown_later import ShownLater
from shared.jobs.store import Due
from shared.telemetry import counters
from workers import sweep_decisions as decide
from workers.sweep_decisions import Depth, RedisWatch, Rescue

log = structlog.get_logger()

LOOK_ALIVE_SECONDS = 10.0
"""Twice the pause between two heartbeats: so long a living worker may need after an outage."""


EXPIRED_AT_ONCE = 200
"""500 ends are a transaction of 22 ms on SQLite, and nobody else writes meanwhile."""

INPUT_ATTEMPTS = 5
"""After so many attempts a large input that cannot be found is given up."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One slice: where to go on (None: it was the last), and how many jobs were missing."""

    next_id: str | None
    missing: int


class Sweep:
    """One sweeper's view; any number of them may work side by side."""

    def __init__(self, container: Container) -> None:
        self._settings = container.settings
        self._engine = container.engine
        self._redis = container.redis
        self._backlogs = container.backlogs
        self._clock = container.clock
        self._blobs = container.blobs
        self._keys = Keys(container.settings.key_prefix)
        folder = files("shared.backlog")
        self._later = ShownLater(container.backlogs)
        self._strike_off_script, self._fence = (
            self._redis.register_script(folder.joinpath(f"{name}.lua").read_text())
            for name in ("strike_off", "fence")
        )
        self.watch = RedisWatch(LOOK_ALIVE_SECONDS)
        self._of_an_earlier_life: frozenset[str] = frozenset()

    def dispatch_missing(self, after_id: str | None = None) -> Looked:
        """(a) Sends those of one slice of unfinished jobs again that Redis no longer holds."""
        now = self._clock.now()
        with reading(self._engine) as connection:
            due = store.due(connection, now, after_id, self._settings.sweep_slice)
        lost = decide.missing(due, self._in_redis([one.id for one in due]))
        dead, owed = decide.dead_letters(lost, self._settings.crashes_max)
        if dead:
            self._bury(dead)
        if owed and self._has_room():
            self._dispatch(owed)
        more = len(due) == self._settings.sweep_slice
        return Looked(due[-1].id if more else None, len(lost))

    def rescue_the_lost(self) -> None:
        """(b) Takes the entries of dead workers away and gives the jobs back to SQL."""
        info = self._redis.info("server")
        now = self._clock.monotonic()
        begun = self.watch.seen(info["run_id"], info["uptime_in_seconds"], now)
        if begun:
            self._of_an_earlier_life = frozenset(self._holders(self._streams()))
        if not self.watch.heartbeats_count(now):
            return
        streams = self._streams()
        holders = self._holders(streams)
        beating = alive(self._redis, self._settings.key_prefix, list(holders))
        for consumer in decide.dead_consumers(holders, beating):
            self._rescue(consumer, holders[consumer])

    def ring_silent_bells(self) -> None:
        """(c) Rings where entries wait and no bell rings."""
        silent = self._backlogs.ring(decide.with_work(self._depths(self._streams())))
        counters.bells_rung_again.inc(len(silent))

    def expire(self) -> bool:
        """(d) Ends jobs whose deadline has passed, wherever they are; answers whether more wait."""
        now = self._clock.now()
        with reading(self._engine) as connection:
            late = store.overdue(connection, now, EXPIRED_AT_ONCE)
        if late:
            outcome = Outcome.failed(Failure.DEADLINE_EXCEEDED, DEADLINE_PASSED)
            self._end([End(job_id, None, outcome) for job_id in late])
        return len(late) == EXPIRED_AT_ONCE

    def measure(self) -> None:
        """Tells how the queue stands."""
        with reading(self._engine) as connection:
            oldest = store.oldest_unfinished(connection)
        now = self._clock.now()
        age = max(timedelta(0), now - oldest) if oldest else timedelta(0)
        counters.oldest_unfinished.set(age.total_seconds())
        counters.sweeper_last_success.set(now.timestamp())
        if not self._redis.expire(self._keys.swept, SWEPT_SECONDS):  # a full Redis takes no SET
            self._redis.set(self._keys.swept, b"1", ex=SWEPT_SECONDS)

    def _has_room(self) -> bool:
        """Whether Redis takes anything: an attempt that it would refuse must not count as one."""
        memory = self._redis.info("memory")
        refuses = memory["maxmemory_policy"] == "noeviction"
        return not (refuses and 0 < memory["maxmemory"] <= memory["used_memory"])

    def _dispatch(self, lost: Sequence[Due]) -> None:
        now = self._clock.now()
        with writing(self._engine) as connection:
            claimed = lifecycle.dispatch(
                connection, lost, now, self._settings.dispatch_grace_seconds
            )
            rows = store.read_many(connection, claimed)
        if not claimed:
            return
        failpoints.reach("sweep.claimed")
        # They are unfinished, for sure: a snapshot that says otherwise is left from before a
        # restore of SQL.
        self._redis.delete(*map(self._keys.snapshot, claimed))
        hopeless = self._without_input(rows)
        self._backlogs.move([self._first_move(row) for row in rows if row["id"] not in hopeless])
        outcome = Outcome.failed(Failure.INPUT_LOST, "the input is not in the blob store any more")
        self._end([End(job_id, None, outcome) for job_id in hopeless])
        counters.jobs_redispatched.inc(len(rows) - len(hopeless))
        log.info("dispatched_again", jobs=len(rows) - len(hopeless))

    def _without_input(self, rows: Sequence[RowMapping]) -> list[str]:
        """Those whose input the blob store holds no more, as several attempts have met already."""
        doubtful = (one for one in rows if one["input_ref"] and one["attempt"] > INPUT_ATTEMPTS)
        try:
            return [one["id"] for one in doubtful if not self._blobs.holds(one["input_ref"])]
        except OSError:  # a store that is away says nothing against any input
            return []

    def _first_move(self, row: RowMapping) -> Move:
        entry = Entry(
            job=views.from_row(row, self._settings.echo_input_max_bytes),
            payload=row["input"] or b"",
            payload_ref=row["input_ref"],
            crashes=row["crashes"],
            deadline=row["deadline_at"].timestamp() if row["deadline_at"] else None,
        )
        return Move(entry, Backlog(Stage.PREPROCESS, row["model"], row["version"]))

    def _rescue(self, consumer: str, streams: Sequence[str]) -> None:
        held = [pair for stream in streams for pair in self._held(consumer, stream)]
        if held:
            self._fence(keys=[self._keys.fenced(consumer)], args=[FENCED_SECONDS])
            self._give_back(decide.rescue(held, self._running(consumer)))
            log.warning("rescued", consumer=consumer, held=len(held))
        if len(held) < self._settings.sweep_slice:  # else there may be more, next time
            self._strike_off(consumer, streams)

    def _give_back(self, found: Rescue) -> None:
        """SQL first: a crash is counted before anybody can run the job again."""
        crashed, released = _as_found(found.crashed), _as_found(found.released)
        with writing(self._engine) as connection:
            now = self._clock.now()
            lifecycle.crash(connection, crashed, now, self._settings.crashes_max)
            lifecycle.release(connection, released, now)
        failpoints.reach("sweep.released")
        self._backlogs.move(
            [Move(one.entry, RECORD, one) for one in found.outcomes]
            + [Move(one.entry, None, one) for one in (*found.crashed, *found.released)]
        )
        counters.jobs_rescued.labels("crashed").inc(len(crashed))
        counters.jobs_rescued.labels("held").inc(len(released) + len(found.outcomes))

    def _bury(self, dead: Sequence[Due]) -> None:
        """Three workers died running it: the job is a dead letter."""
        reason = f"{self._settings.crashes_max} workers died while running this job"
        outcome = Outcome.failed(Failure.WORKER_LOST, reason)
        self._end([End(one.id, one.attempt, outcome) for one in dead])

    def _end(self, ends: Sequence[End]) -> None:
        if not ends:
            return
        with writing(self._engine) as connection:
            finished = lifecycle.finish(connection, ends, self._clock.now())
        follow_all(self._engine, finished, self._clock.now())
        with reading(self._engine) as connection:
            recorded = [end.job_id for end in finished.recorded]
            rows = store.read_many(connection, [*recorded, *finished.joined])
        for row in rows:
            counters.jobs_finished.labels(row["model"], row["status"]).inc()
            if row["error_code"]:
                counters.jobs_failed.labels(row["model"], row["error_code"]).inc()
        echo = self._settings.echo_input_max_bytes
        self._show([views.from_row(row, echo) for row in rows], finished.hashes)

    def _show(self, ended: Sequence[Snapshot], hashes: Mapping[str, str]) -> None:
        """What Redis misses now it is told later: no sweep meets a job again that has ended."""
        try:
            self._backlogs.leave(ended, hashes)
        except redis.RedisError:
            for one in ended:
                self._later.add(one, hashes)
            raise

    def _strike_off(self, consumer: str, streams: Sequence[str]) -> None:
        """Removes a consumer that holds nothing any more from its groups."""
        heartbeat = self._keys.heartbeat(consumer)
        for stream in streams:
            self._strike_off_script(keys=[stream, heartbeat], args=[GROUP, consumer])
        self._redis.delete(self._keys.running(consumer))

    def _held(self, consumer: str, stream: str) -> list[tuple[Stage, Taken]]:
        """What a consumer holds of a stream, to one slice; entries that are gone are let go."""
        stage = self._keys.parse_stream(stream)[0].stage
        held: list[tuple[Stage, Taken]] = []
        for one in self._pending(stream, consumer, self._settings.sweep_slice):
            entry_id = one["message_id"]
            found = cast(list[Any], self._redis.xrange(stream, entry_id, entry_id))
            fields = found[0][1] if found else {}
            try:
                held.append((stage, Taken(entries.decode(fields), stream, entry_id)))
            except entries.EntryUnreadable:
                self._backlogs.set_aside(stream, entry_id, fields)
        return held

    def _pending(self, stream: str, consumer: str, count: int) -> list[Any]:
        return self._redis.xpending_range(stream, GROUP, "-", "+", count, consumer)

    def _running(self, consumer: str) -> set[str]:
        """What a dead consumer was running, as far as Redis can be believed.

        One that came back may have forgotten what the consumer had let go of: nobody crashed.
        """
        if consumer in self._of_an_earlier_life:
            return set()
        values = cast(list[bytes], self._redis.hvals(self._keys.running(consumer)))
        return {job_id for value in values for job_id in value.decode().split(",")}

    def _in_redis(self, job_ids: Sequence[str]) -> list[bool]:
        """Whether each has the snapshot of an unfinished job; that of an end is of another SQL."""
        pipeline = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.getrange(self._keys.snapshot(job_id), 0, HEAD_BYTES - 1)
        return [unfinished_attempt(head) is not None for head in pipeline.execute()]

    def _streams(self) -> list[str]:
        members = cast(set[bytes], self._redis.smembers(self._keys.streams))
        return sorted(member.decode() for member in members)

    def _holders(self, streams: Sequence[str]) -> dict[str, list[str]]:
        """Every consumer of every group, with the streams that it reads."""
        pipeline = self._redis.pipeline(transaction=False)
        for stream in streams:
            pipeline.xinfo_consumers(stream, GROUP)
        holders: dict[str, list[str]] = defaultdict(list)
        answers = pipeline.execute(raise_on_error=False)
        for stream, found in zip(streams, answers, strict=True):
            if not isinstance(found, Exception):  # no group yet: nobody has taken anything
                for one in found:
                    holders[one["name"].decode()].append(stream)
        return holders

    def _depths(self, streams: Sequence[str]) -> dict[Backlog, list[Depth]]:
        pipeline = self._redis.pipeline(transaction=False)
        for stream in streams:
            pipeline.xlen(stream)
            pipeline.xpending(stream, GROUP)
        answers = pipeline.execute(raise_on_error=False)
        depths: dict[Backlog, list[Depth]] = defaultdict(list)
        for stream, length, summary in zip(streams, answers[::2], answers[1::2], strict=True):
            pending = 0 if isinstance(summary, Exception) else summary["pending"]
            depths[self._keys.parse_stream(stream)[0]].append(Depth(length, pending))
        return depths


def _as_found(taken: Sequence[Taken]) -> list[Due]:
    return [Due(one.entry.id, one.entry.attempt, one.entry.crashes) for one in taken]
