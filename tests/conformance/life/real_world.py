"""The real system, a step at a time: submitters, scripts, the record stage and two sweepers over a
real database and a real Valkey that can be killed and can go back to what it saved."""

import asyncio
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from sqlalchemy import Engine, delete, select
from sqlmodel import SQLModel

from deploy.local.redis_binary import find_server
from shared.backlog import connections
from shared.backlog.backlogs import Backlogs, Move, Take, Taken, following
from shared.backlog.breaker import Breaker
from shared.backlog.consumers import Consumer
from shared.clock import FakeClock
from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.domain.names import RECORD, Backlog, Priority, Stage
from shared.domain.outcome import Outcome
from shared.domain.serving import Serving
from shared.domain.states import State
from shared.errors import IdempotencyMismatch
from shared.jobs.cancel import Canceler
from shared.jobs.group_commit import Accepted, GroupCommit
from shared.jobs.new_job import NewJob
from shared.jobs.submit import Submitter
from shared.jobs.table import job_table
from shared.payloads.directory import DirectoryBlobs
from shared.prediction_log.table import log_table
from shared.result_cache.results import ResultCache
from shared.settings import Settings
from shared.webhooks.table import delivery_table
from tests.conformance.life.machine import WORKERS, Loss, Seen
from tests.conftest import NOON
from workers.audit import Audit
from workers.entry_moves import ended, given_back
from workers.leaderless import Leaderless
from workers.partition import Violation, look
from workers.record import Record
from workers.sweep_steps import Sweep

PREPROCESS = Backlog(Stage.PREPROCESS, "wine", "1")
BACKLOGS = {
    Stage.PREPROCESS: PREPROCESS,
    Stage.PREDICT: following(PREPROCESS),
    Stage.RECORD: RECORD,
}
SERVED = {"wine": Serving(cache_seconds=3600, cache_entries=100)}
WEBHOOK = "https://receiver.example/hook"


class Valkey:
    """A server that forgets all, or all since it was saved."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="queuecast-"))
        self.url = f"unix://{self._folder}/redis.sock"
        place = ["--dir", str(self._folder), "--unixsocket", f"{self._folder}/redis.sock"]
        self._command = [find_server(), "--port", "0", *place, "--save", ""]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        with redis.Redis.from_url(self.url, retry=Retry(ConstantBackoff(0.01), 1000)) as patient:
            patient.ping()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def forget_saved(self) -> None:
        (self._folder / "dump.rdb").unlink(missing_ok=True)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


class SweeperClock:
    """A wall clock of its own; `between` is called once, when the time is asked for again and
    nobody is in the middle of a transaction."""

    def __init__(self, clock: FakeClock, engine: Engine) -> None:
        self._clock = clock
        self._engine = engine
        self.ahead = timedelta(0)
        self.between: Any = None
        self.steps = 0

    def now(self) -> datetime:
        if self.between is not None and not self._engine.pool.checkedout():  # type: ignore[attr-defined]
            self.steps -= 1
            if self.steps < 0:
                between, self.between = self.between, None
                between()
        return self._clock.now() + self.ahead

    def monotonic(self) -> float:
        return self._clock.monotonic()


class RealWorld:
    """As `World` says."""

    def __init__(self, engine: Engine, valkey: Valkey, settings: Settings) -> None:
        self._engine, self._valkey = engine, valkey
        self._settings = settings
        self._clock = FakeClock(NOON)
        self._redis = connections.connect(settings, timeout_seconds=5)
        self._empty()
        self._backlogs = Backlogs(self._redis, settings, SERVED)
        self._blobs = DirectoryBlobs(settings.blobs_dir)
        away = redis.Redis(unix_socket_path="/nowhere", retry=Retry(ConstantBackoff(0), 0))
        self._submitters = [self._submitter(self._redis), self._submitter(away)]
        self._canceler = Canceler(engine, self._backlogs, self._clock, settings)
        self._clocks = [SweeperClock(self._clock, engine) for _ in range(2)]
        self._sweepers = [self._sweeper(clock) for clock in self._clocks]
        self._consumers = [self._consumer() for _ in WORKERS]
        self._hands: dict[tuple[int, Stage], list[Taken]] = defaultdict(list)
        self._passed: dict[tuple[int, Stage], list[Taken]] = {}
        self._noted: dict[int, list[str]] = {}
        self._outputs = count(1)

    def _empty(self) -> None:
        with writing(self._engine) as connection:
            for table in reversed(SQLModel.metadata.sorted_tables):
                connection.execute(delete(table))
        self._valkey.forget_saved()
        self._redis.flushall()

    def _submitter(self, client: redis.Redis) -> Submitter:
        commit = GroupCommit(self._engine, self._clock, self._settings)
        backlogs = Backlogs(client, self._settings, SERVED)
        results = ResultCache(client, self._settings, SERVED)
        parts: dict[str, Any] = {"breaker": Breaker(self._clock), "settings": self._settings}
        made = Submitter(commit, backlogs, results, self._blobs, **parts)
        made.start()
        return made

    def _sweeper(self, clock: SweeperClock) -> tuple[Any, ...]:
        parts = SimpleNamespace(
            settings=self._settings, engine=self._engine, redis=self._redis, clock=clock,
            backlogs=self._backlogs, blobs=self._blobs,
        )  # fmt: skip
        container: Any = parts
        return Sweep(container), Audit(container), Leaderless(container)

    def _consumer(self) -> Consumer:
        made = Consumer(self._redis, "predict", self._settings)
        made.beat()
        return made

    def submit(
        self,
        key: str | None,
        content: int,
        priority: Priority,
        seconds: float | None,
        reaches: bool,
    ) -> str | None:
        now = self._clock.now()
        job = NewJob(
            id=new_job_id(), tenant="default", model="wine", version="1", digest="d" * 64,
            input=b"%d" % content, input_hash=str(content) * 64, body_hash=str(content) * 64,
            created_at=now, priority=priority, idempotency_key=key, reuses=True, keeps_result=True,
            deadline_at=now + timedelta(seconds=seconds) if seconds else None, webhook=WEBHOOK,
            webhook_events="completed",
        )  # fmt: skip
        submitter = self._submitters[0 if reaches else 1]
        try:
            accepted: Accepted = asyncio.run(submitter.submit(job))
        except IdempotencyMismatch:
            return None
        return accepted.prediction["id"]

    def take(self, worker: int, stage: Stage, rows: int) -> list[int]:
        name = self._consumers[worker].name
        taken = self._backlogs.take(BACKLOGS[stage], name, rows).taken
        hand = self._hands[worker, stage]
        hand += taken
        if taken and stage is not Stage.RECORD:
            self._note(worker, hand)
        return [int(one.entry.payload) for one in hand] if stage is Stage.PREDICT else []

    def _note(self, worker: int, running: Iterable[Taken]) -> None:
        self._noted[worker] = [one.entry.id for one in running]
        self._consumers[worker].note_running(self._noted[worker])

    def runs_alone(self, worker: int, content: int) -> None:
        hand = self._hands[worker, Stage.PREDICT]
        alone = [one for one in hand if one.entry.suspect and int(one.entry.payload) == content]
        if alone:
            self._note(worker, alone[:1])

    def finish(self, worker: int, stage: Stage, *, again: bool = False) -> None:
        place = worker, stage
        held = self._passed.get(place, []) if again else self._hands.pop(place, [])
        self._passed[place] = held
        if stage is Stage.RECORD:
            self._record(held)
        elif stage is Stage.PREDICT:
            self._backlogs.move([ended(one, self._outcome(one), 1.0) for one in held])
        else:
            onward = following(PREPROCESS)
            self._backlogs.move([Move(one.entry, onward, one) for one in held])

    def _outcome(self, one: Taken) -> Outcome:
        wrote = [one.entry.id, one.entry.attempt, next(self._outputs)]
        return Outcome(State.SUCCEEDED, output=orjson.dumps(wrote))

    def _record(self, held: list[Taken]) -> None:
        worker: Any = SimpleNamespace(
            container=SimpleNamespace(
                engine=self._engine, backlogs=self._backlogs, served=SERVED
            ),
            settings=self._settings, clock=self._clock, blobs=self._blobs, stopping=False,
            take=lambda *_: Take(self._clock.now().timestamp(), held),
        )  # fmt: skip
        Record(worker)()

    def give_back(self, worker: int, stage: Stage) -> None:
        self._backlogs.move([given_back(one) for one in self._hands.pop((worker, stage), [])])

    def running(self, worker: int) -> list[str]:
        stages = (Stage.PREPROCESS, Stage.PREDICT)
        held = {one.entry.id for stage in stages for one in self._hands[worker, stage]}
        return [one for one in self._noted.get(worker, []) if one in held]

    def renew(self, worker: int) -> None:
        if not self._consumers[worker].beat():
            self._consumers[worker].start_anew(crashed=False)

    def fall_silent(self, worker: int) -> None:
        self._consumers[worker]._redis.delete(
            self._backlogs.keys.heartbeat(self._consumers[worker].name)
        )

    def crash(self, worker: int) -> None:
        self.fall_silent(worker)
        for place in [place for place in {*self._hands, *self._passed} if place[0] == worker]:
            self._hands.pop(place, None)
            self._passed.pop(place, None)
        self._consumers[worker] = self._consumer()

    def save_redis(self) -> None:
        self._redis.save()

    def lose_redis(self, loss: Loss) -> None:
        keys = self._backlogs.keys
        if loss in (Loss.ALL, Loss.SINCE_IT_WAS_SAVED):
            self._valkey.kill()
            if loss is Loss.ALL:
                self._valkey.forget_saved()
            self._valkey.start()
            with suppress(redis.ConnectionError):
                self._redis.ping()  # the connections of before
            self._forget_the_dead()
            return
        places = {
            Loss.STREAMS: f"{keys.prefix}backlog:",
            Loss.SNAPSHOTS: keys.snapshot(""),
            Loss.BELLS: f"{keys.prefix}bell:",
        }
        lost = [key for key in self._redis.scan_iter() if _is_lost(key.decode(), loss, places)]
        if lost:
            self._redis.delete(*lost)

    def _forget_the_dead(self) -> None:
        """What they have left in an older Redis expires in seconds; here nobody waits for it."""
        names = {self._backlogs.keys.heartbeat(one.name).encode() for one in self._consumers}
        found = set(self._redis.keys(self._backlogs.keys.heartbeat("*"))) - names
        if found:
            self._redis.delete(*found)

    def cancel(self, job_id: str) -> None:
        self._canceler.cancel("default", job_id)

    def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)

    def sweep(self, sweeper: int, ahead_seconds: float = 0) -> None:
        sweep, audit, leaderless = self._sweepers[sweeper]
        self._clocks[sweeper].ahead = timedelta(seconds=ahead_seconds)
        for step in (
            sweep.rescue_the_lost, sweep.ring_silent_bells, sweep.expire, audit.run, leaderless.run,
            sweep.dispatch_missing,
        ):  # fmt: skip
            step()

    def sweep_between(self, step: int) -> None:
        clock = self._clocks[0]
        clock.steps, clock.between = step, lambda: self.sweep(1)
        self.sweep(0)
        clock.between = None

    def seen(self) -> dict[str, Seen]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(job_table)).mappings().all()
            logs = {
                row["job_id"]: dict(row) for row in connection.execute(select(log_table)).mappings()
            }
            sent = connection.execute(select(delivery_table.c.job_id, delivery_table.c.id))
            deliveries = {row.job_id: row.id for row in sent}
        return {
            row["id"]: Seen(
                row["status"], row["attempt"], row["crashes"], row["error_code"],
                row["joined_to"] is not None, row["cache"], _wrote(row["output"]),
                int(row["id"] in logs), deliveries.get(row["id"]),
                (dict(row), logs.get(row["id"])),
            )
            for row in rows
        }  # fmt: skip

    def contradictions(self) -> list[Violation]:
        return look(self._engine, self._redis, self._backlogs.keys)

    def silent(self) -> list[Any]:
        depths = self._sweepers[0][0]._depths(self._sweepers[0][0]._streams())
        return [
            backlog
            for backlog, found in depths.items()
            if any(one.length > one.pending for one in found)
            and not self._redis.exists(self._backlogs.keys.bell(backlog))
        ]

    def close(self) -> None:
        for submitter in self._submitters:
            submitter.stop()
        self._redis.close()


def _is_lost(key: str, loss: Loss, places: Mapping[Loss, str]) -> bool:
    if loss in places:
        return key.startswith(places[loss])
    return not key.startswith((places[Loss.STREAMS], places[Loss.SNAPSHOTS]))


def _wrote(output: bytes | None) -> tuple[str, int] | None:
    if output is None:
        return None
    job_id, attempt, _ = orjson.loads(output)
    return job_id, attempt
