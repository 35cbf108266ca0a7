"""The system on paper: rows, entries and heartbeats in dictionaries, and the real rules."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from shared.backlog.backlogs import Taken
from shared.backlog.entries import Entry
from shared.clock import FakeClock
from shared.domain import life
from shared.domain.life import Verdict
from shared.domain.names import RECORD, Backlog, Priority, Stage
from shared.domain.outcome import Outcome
from shared.domain.states import TERMINAL, State
from shared.jobs.store import Due
from tests.conformance.life.machine import CRASHES_MAX, Loss, Seen
from tests.conformance.life.paper import PaperRedis, Row
from tests.conftest import NOON
from workers import sweep_decisions as decide
from workers.partition import Census, Owner, Violation, contradictions
from workers.sweep_decisions import Depth, RedisWatch, Rescue

LOOK_ALIVE_SECONDS = 10.0
GRACE_SECONDS = 10.0
BACKLOGS = {
    Stage.PREPROCESS: Backlog(Stage.PREPROCESS, "wine", "1"),
    Stage.PREDICT: Backlog(Stage.PREDICT, "wine", "1"),
    Stage.RECORD: RECORD,
}
NEXT = {Stage.PREPROCESS: Stage.PREDICT, Stage.PREDICT: Stage.RECORD}


class PaperWorld:
    """As `World` says; every step is one of the scripts or transactions of the real system."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOON)
        self.rows: dict[str, Row] = {}
        self.logged: dict[str, int] = defaultdict(int)
        self.delivered: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.redis = PaperRedis()
        self.saved = PaperRedis()
        self.ids = count(1)
        self.names = [self._new_name() for _ in range(3)]
        self.lives = [0, 0, 0]
        self.hands: dict[tuple[int, Stage], list[Taken]] = defaultdict(list)
        self.passed: dict[tuple[int, Stage], list[Taken]] = defaultdict(list)
        self.watches = [RedisWatch(LOOK_ALIVE_SECONDS) for _ in range(2)]
        self.earlier: list[frozenset[str]] = [frozenset(), frozenset()]
        self.short = [0, 0]

    def submit(
        self,
        key: str | None,
        content: int,
        priority: Priority,
        seconds: float | None,
        reaches: bool,
    ) -> str | None:
        if key in self.keys:
            known = self.keys[key]
            return known if self.rows[known].content == content else None
        now, job_id = self.clock.now(), f"job-{next(self.ids)}"
        deadline = now + timedelta(seconds=seconds) if seconds else None
        leader = self._leader(content, priority) if reaches else None
        grace = timedelta(seconds=GRACE_SECONDS)
        row = Row(job_id, content, priority, now, now + grace, deadline, leader)
        self.rows[job_id] = row
        if key is not None:
            self.keys[key] = job_id
        if leader is not None:
            row.cache = "joined"
        elif reaches:
            self.redis.leaders[content] = job_id
            self._move(self._entry(row), None, Stage.PREPROCESS)
        return job_id

    def _leader(self, content: int, priority: str) -> str | None:
        row = self.rows.get(self.redis.leaders.get(content, ""))
        if row is None or row.status in TERMINAL or row.joined_to or life.is_suspect(row.crashes):
            return None
        return row.id if life.may_precede(row.priority, priority) else None

    def _entry(self, row: Row) -> Entry:
        deadline = row.deadline_at.timestamp() if row.deadline_at else None
        job: Any = {"id": row.id, "attempt": row.attempt, "priority": row.priority}
        return Entry(job, crashes=row.crashes, deadline=deadline)

    def _move(self, entry: Entry, source: Taken | None, to: Stage | None) -> bool:
        """`move.lua`: a new dispatch where there is no source."""
        held = self.redis.snapshots.get(entry.id)
        ours = held is None if source is None else held == entry.attempt
        if source is not None:
            gone = self.redis.entries.pop(source.entry_id, None) is None
            ours = ours and not gone
        if ours and to is None:
            del self.redis.snapshots[entry.id]
        elif ours and to is not None:
            self.redis.snapshots[entry.id] = entry.attempt
            self.redis.entries[b"%d" % next(self.ids)] = (to, entry, None)
            self.redis.bells.add(to)
        return ours

    def take(self, worker: int, stage: Stage, rows: int) -> list[int]:
        name = self.names[worker]
        self.redis.beats.add(name)
        self.redis.bells.discard(stage)
        waiting = [
            (entry_id, entry)
            for entry_id, (where, entry, holder) in self.redis.entries.items()
            if where is stage and holder is None
        ]
        for entry_id, entry in waiting[:rows]:
            if self.redis.snapshots.get(entry.id) == entry.attempt:
                self.redis.entries[entry_id] = (stage, entry, name)
                self.hands[worker, stage].append(Taken(entry, stage, entry_id))
            else:
                del self.redis.entries[entry_id]
        if len(waiting) >= rows:
            self.redis.bells.add(stage)
        taken = self.hands[worker, stage]
        if stage is not Stage.RECORD and taken:
            self.redis.running[name] = [one.entry.id for one in taken]
        return [self.rows[one.entry.id].content for one in taken]

    def runs_alone(self, worker: int, content: int) -> None:
        taken = self.hands[worker, Stage.PREDICT]
        alone = [one for one in taken if one.entry.suspect and self._is(one, content)]
        if alone:
            self.redis.running[self.names[worker]] = [alone[0].entry.id]

    def _is(self, one: Taken, content: int) -> bool:
        return self.rows[one.entry.id].content == content

    def finish(self, worker: int, stage: Stage, *, again: bool = False) -> None:
        held = self.passed[worker, stage] if again else self.hands.pop((worker, stage), [])
        self.passed[worker, stage] = held
        if stage is Stage.RECORD:
            self._record(held)
            return
        for one in held:
            outcome = one.entry.outcome
            if stage is Stage.PREDICT:
                output = f"{one.entry.id} {one.entry.attempt}".encode()
                outcome = Outcome(State.SUCCEEDED, output=output)
            self._move(one.entry._replace(outcome=outcome), one, NEXT[stage])

    def _record(self, held: Iterable[Taken]) -> None:
        for one in held:
            row, entry = self.rows[one.entry.id], one.entry
            found = life.verdict(row.status, row.attempt, entry.attempt)
            if found is Verdict.FENCED:
                self._move(entry, one, None)
                continue
            if found is Verdict.RECORDED:
                written = (entry.outcome.output or b"").decode().split()
                self._end(row, State.SUCCEEDED, wrote=(written[0], int(written[1])))
            self.redis.entries.pop(one.entry_id, None)
            self.redis.snapshots[row.id] = 0

    def _end(self, row: Row, state: State, code: str | None = None, wrote: Any = None) -> None:
        row.status, row.error_code, row.wrote = state, code, wrote
        self.logged[row.id] += 1
        self.delivered[row.id] = f"delivery-{next(self.ids)}"
        self._follow(row)

    def _follow(self, leader: Row) -> None:
        found = [row for row in self.rows.values() if row.joined_to == leader.id]
        waiting = [row for row in found if row.status == "queued"]
        if life.answers_joiners(leader.status, leader.error_code):
            for row in waiting:
                self._end(row, State(leader.status), leader.error_code, leader.wrote)
        elif waiting:
            waiting.sort(key=lambda row: life.turn(row.priority, row.created_at, row.id))
            first, *others = waiting
            first.joined_to, first.cache, first.dispatch_after = None, "miss", self.clock.now()
            for row in others:
                row.joined_to = first.id

    def give_back(self, worker: int, stage: Stage) -> None:
        for one in self.hands.pop((worker, stage), []):
            self._move(one.entry, one, None)

    def running(self, worker: int) -> list[str]:
        held = {one.entry.id for stage in NEXT for one in self.hands[worker, stage]}
        return [one for one in self.redis.running.get(self.names[worker], []) if one in held]

    def renew(self, worker: int) -> None:
        if self.names[worker] in self.redis.fenced or self.lives[worker] != self.redis.run:
            self._begin_anew(worker)
        self.redis.beats.add(self.names[worker])

    def _begin_anew(self, worker: int) -> None:
        name, self.lives[worker] = self.names[worker], self.redis.run
        self.redis.beats.discard(name)
        self.redis.running.pop(name, None)
        self.names[worker] = self._new_name()

    def _new_name(self) -> str:
        return f"worker-{next(self.ids)}"

    def fall_silent(self, worker: int) -> None:
        self.redis.beats.discard(self.names[worker])

    def crash(self, worker: int) -> None:
        self.fall_silent(worker)
        for stage in Stage:
            self.hands.pop((worker, stage), None)
            self.passed.pop((worker, stage), None)
        self.names[worker], self.lives[worker] = self._new_name(), self.redis.run

    def save_redis(self) -> None:
        self.saved = deepcopy(self.redis)

    def lose_redis(self, loss: Loss) -> None:
        redis, run = self.redis, self.redis.run + 1
        if loss in (Loss.ALL, Loss.SINCE_IT_WAS_SAVED):
            kept = PaperRedis() if loss is Loss.ALL else deepcopy(self.saved)
            # What the dead have left there expires in seconds.
            self.redis = replace(kept, run=run, beats=kept.beats & set(self.names))
        elif loss is Loss.STREAMS:
            redis.entries = {}
        elif loss is Loss.SNAPSHOTS:
            redis.snapshots = {}
        elif loss is Loss.BELLS:
            redis.bells = set()
        else:
            entries, snapshots = redis.entries, redis.snapshots
            self.redis = PaperRedis(snapshots=snapshots, entries=entries, run=redis.run)

    def cancel(self, job_id: str) -> None:
        self._close([job_id], State.CANCELED, None)

    def _close(self, job_ids: Iterable[str], state: State, code: str | None) -> None:
        for row in (self.rows[job_id] for job_id in job_ids):
            if life.verdict(row.status, row.attempt, None) is Verdict.RECORDED:
                self._end(row, state, code)
                self.redis.snapshots[row.id] = 0

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def sweep(self, sweeper: int, ahead_seconds: float = 0) -> None:
        for step in self._steps(sweeper, ahead_seconds):
            step()

    def sweep_between(self, step: int) -> None:
        for number, do in enumerate(self._steps(0, 0)):
            if number == step:
                self.sweep(1)
            do()

    def _steps(self, sweeper: int, ahead_seconds: float) -> list[Callable[[], None]]:
        """Looking and acting apart, so that another sweeper can come between."""
        now = self.clock.now() + timedelta(seconds=ahead_seconds)
        missed: list[Due] = []
        rescues: list[Rescue] = []

        def look_for_the_missing() -> None:
            due = [
                Due(row.id, row.attempt, row.crashes)
                for row in self.rows.values()
                if life.is_owed(row.status, row.dispatch_after, row.joined_to, now)
            ]
            there = [bool(self.redis.snapshots.get(one.id)) for one in due]
            missed.extend(decide.missing(due, there))

        return [
            lambda: rescues.extend(self._look_for_the_dead(sweeper)),
            lambda: self._rescue(rescues, now),
            self._ring,
            lambda: self._expire(now),
            lambda: self._audit(sweeper, now),
            look_for_the_missing,
            lambda: self._dispatch(missed, now),
        ]

    def _look_for_the_dead(self, sweeper: int) -> list[Rescue]:
        watch, now = self.watches[sweeper], self.clock.monotonic()
        holders = {holder for _, _, holder in self.redis.entries.values() if holder}
        if watch.seen(str(self.redis.run), 0, now):
            self.earlier[sweeper] = frozenset(holders)
        if not watch.heartbeats_count(now):
            return []
        dead = decide.dead_consumers(holders, self.redis.beats)
        return [self._of_the_dead(name, name in self.earlier[sweeper]) for name in dead]

    def _of_the_dead(self, name: str, of_an_earlier_life: bool) -> Rescue:
        self.redis.fenced.add(name)
        held = [
            (stage, Taken(entry, stage, entry_id))
            for entry_id, (stage, entry, holder) in self.redis.entries.items()
            if holder == name
        ]
        ran = [] if of_an_earlier_life else self.redis.running.get(name, [])
        return decide.rescue(held, set(ran))

    def _rescue(self, found: Iterable[Rescue], now: datetime) -> None:
        for rescue in found:
            for one in rescue.crashed:
                row = self._as_found(one)
                if row is not None and row.crashes == one.entry.crashes:
                    again = life.after_crash(row.crashes, now, CRASHES_MAX)
                    row.crashes, row.dispatch_after = again
            for one in rescue.released:
                row = self._as_found(one)
                if row is not None:
                    row.dispatch_after = now
            for one in rescue.outcomes:
                self._move(one.entry, one, Stage.RECORD)
            for one in (*rescue.crashed, *rescue.released):
                self._move(one.entry, one, None)

    def _as_found(self, one: Taken) -> Row | None:
        row = self.rows[one.entry.id]
        return row if row.status == "queued" and row.attempt == one.entry.attempt else None

    def _ring(self) -> None:
        self.redis.bells |= {backlog.stage for backlog in decide.with_work(self._depths())}

    def _depths(self) -> dict[Backlog, list[Depth]]:
        depths = {}
        for stage, backlog in BACKLOGS.items():
            holders = [who for where, _, who in self.redis.entries.values() if where is stage]
            taken = sum(holder is not None for holder in holders)
            depths[backlog] = [Depth(len(holders), taken)]
        return depths

    def _expire(self, now: datetime) -> None:
        late = [
            row.id
            for row in self.rows.values()
            if row.deadline_at and life.is_late(row.deadline_at.timestamp(), now.timestamp())
        ]
        self._close(late, State.FAILED, "deadline_exceeded")

    def _audit(self, sweeper: int, now: datetime) -> None:
        owed = [
            row
            for row in self.rows.values()
            if life.is_owed(row.status, row.dispatch_after, row.joined_to, now)
        ]
        self.short[sweeper] += 1 if len(owed) > len(self.redis.entries) else -self.short[sweeper]
        if self.short[sweeper] < 2:
            return
        listed = {entry.id for _, entry, _ in self.redis.entries.values()}
        for row in owed:
            if row.id not in listed and self.redis.snapshots.get(row.id):
                del self.redis.snapshots[row.id]

    def _dispatch(self, missed: list[Due], now: datetime) -> None:
        dead, owed = decide.dead_letters(missed, CRASHES_MAX)
        for one in (*dead, *owed):
            row = self.rows[one.id]
            if life.verdict(row.status, row.attempt, one.attempt) is not Verdict.RECORDED:
                continue
            if one in dead:
                self._close([one.id], State.FAILED, "worker_lost")
                continue
            row.attempt += 1
            row.dispatch_after = now + timedelta(seconds=GRACE_SECONDS)
            self.redis.snapshots.pop(one.id, None)
            self._move(self._entry(row), None, Stage.PREPROCESS)

    def seen(self) -> dict[str, Seen]:
        return {
            row.id: Seen(
                row.status, row.attempt, row.crashes, row.error_code, row.cache == "joined",
                row.cache, row.wrote, self.logged[row.id], self.delivered.get(row.id), replace(row),
            )
            for row in self.rows.values()
        }  # fmt: skip

    def contradictions(self) -> list[Violation]:
        entries = [(where, one.id, one.attempt) for where, one, _ in self.redis.entries.values()]
        owners = {
            row.id: Owner(row.attempt, row.status == "queued", row.joined_to is not None)
            for row in self.rows.values()
        }
        snapshots = self.redis.snapshots
        unfinished = {job: snapshots.get(job) for job, owner in owners.items() if owner.unfinished}
        attempts = {job: attempt for job, attempt in unfinished.items() if attempt}
        return contradictions(Census(attempts, entries), owners)

    def silent(self) -> list[Any]:
        waiting = {stage for stage, _, holder in self.redis.entries.values() if holder is None}
        return sorted(waiting - self.redis.bells)

    def close(self) -> None:
        """Nothing to let go of."""
