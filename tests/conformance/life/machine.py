"""The life of jobs under faults, as one state machine: it runs over paper (`paper_world`) and over
the real databases and a real Valkey (`real_world`), and asserts the same promises of both."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

import hypothesis
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from shared.domain.names import Priority, Stage
from shared.domain.states import TERMINAL, State
from workers.partition import Violation

STAGES = (Stage.PREPROCESS, Stage.PREDICT, Stage.RECORD)
WORKERS = range(3)
JOBS_MAX = 6
POISON = 2
"""Whoever runs a job of this content dies."""

SETTLED_AFTER = 60
CRASHES_MAX = 3


class Loss(Enum):
    """What a Redis has forgotten when it answers again."""

    ALL = auto()
    SINCE_IT_WAS_SAVED = auto()
    STREAMS = auto()
    SNAPSHOTS = auto()
    BELLS = auto()
    ALL_ELSE = auto()


KEPT_WHOLE = (Loss.ALL, Loss.SINCE_IT_WAS_SAVED, Loss.BELLS)
"""Of jobs these lose all there is, or nothing."""


@dataclass(frozen=True)
class Seen:
    """A job as SQL has it. `whole` is all of its row and of its log row, `delivery` the id of its
    webhook, `wrote` the job and the attempt that its output is from."""

    status: str
    attempt: int
    crashes: int
    error_code: str | None
    joined: bool
    cache: str
    wrote: tuple[str, int] | None
    logged: int
    delivery: str | None
    whole: Any


class World(Protocol):
    """A system that does what it is told to, one step at a time."""

    def submit(
        self,
        key: str | None,
        content: int,
        priority: Priority,
        seconds: float | None,
        reaches: bool,
    ) -> str | None:
        """The id of the job that was accepted; None where it was refused."""

    def take(self, worker: int, stage: Stage, rows: int) -> list[int]:
        """Answers the contents of what it brought."""

    def runs_alone(self, worker: int, content: int) -> None:
        """Of what it took for predict it runs only a suspect of this content, if there is one."""

    def finish(self, worker: int, stage: Stage, *, again: bool = False) -> None:
        """Passes on what it holds; or `again` what it has passed on the last time."""

    def give_back(self, worker: int, stage: Stage) -> None: ...

    def running(self, worker: int) -> list[str]:
        """Jobs that it has noted in Redis as what it runs, and that it has in hand."""

    def renew(self, worker: int) -> None: ...

    def fall_silent(self, worker: int) -> None: ...

    def crash(self, worker: int) -> None: ...

    def save_redis(self) -> None: ...

    def lose_redis(self, loss: Loss) -> None: ...

    def cancel(self, job_id: str) -> None: ...

    def advance(self, seconds: float) -> None: ...

    def sweep(self, sweeper: int, ahead_seconds: float = 0) -> None: ...

    def sweep_between(self, step: int) -> None:
        """The first sweeper, and the whole of the second one at some step of it."""

    def seen(self) -> Mapping[str, Seen]: ...

    def contradictions(self) -> list[Violation]: ...

    def silent(self) -> list[Any]:
        """Backlogs with entries that nobody has taken, and no bell."""

    def close(self) -> None: ...


workers = st.sampled_from(WORKERS)
stages = st.sampled_from(STAGES)


class Life(RuleBasedStateMachine):
    """`deaths` bounds from above how often each job may count as crashed."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.keys: dict[str, tuple[str, int]] = {}
        self.contents: dict[str, int] = {}
        self.ends: dict[str, Seen] = {}
        self.deliveries: dict[str, str] = {}
        self.deaths: Counter[str] = Counter()
        self.canceled: set[str] = set()
        self.hurried: set[str] = set()
        self.keys_lost = False

    @precondition(lambda self: len(self.contents) < JOBS_MAX)
    @rule(
        key=st.sampled_from([None, None, "a", "b"]),
        content=st.sampled_from(range(3)),
        priority=st.sampled_from(Priority),
        seconds=st.sampled_from([None, None, 20.0]),
        reaches=st.booleans(),
    )
    def submit(self, key, content, priority, seconds, reaches) -> None:
        job_id = self.world.submit(key, content, priority, seconds, reaches)
        if key in self.keys:
            known, before = self.keys[key]
            assert job_id == (known if content == before else None), "same key, same job"
            return
        assert job_id is not None and job_id not in self.contents
        self.contents[job_id] = content
        if seconds is not None:
            self.hurried.add(job_id)
        if key is not None:
            self.keys[key] = job_id, content

    @rule(worker=workers, stage=stages, rows=st.integers(1, 3))
    def take(self, worker, stage, rows) -> None:
        self._survives(worker, stage, rows)

    def _survives(self, worker: int, stage: Stage, rows: int) -> bool:
        """A take; whether nothing in hand kills the worker that runs it."""
        poisoned = POISON in self.world.take(worker, stage, rows) and stage is Stage.PREDICT
        if poisoned:
            self.world.runs_alone(worker, POISON)
            self.crash(worker)
        return not poisoned

    @rule(worker=workers, stage=stages)
    def finish(self, worker, stage) -> None:
        self.world.finish(worker, stage)

    @rule(worker=workers, stage=stages)
    def finish_again(self, worker, stage) -> None:
        self.world.finish(worker, stage, again=True)

    @rule(worker=workers, stage=st.sampled_from(STAGES[:2]))
    def give_back(self, worker, stage) -> None:
        self.world.give_back(worker, stage)

    @rule(worker=workers)
    def renew(self, worker) -> None:
        self.world.renew(worker)

    @rule(worker=workers)
    def crash(self, worker) -> None:
        self.deaths.update(self.world.running(worker))
        self.world.crash(worker)

    @rule(worker=workers)
    def fall_silent(self, worker) -> None:
        """It is taken for dead, and goes on: what it finishes then is a zombie's."""
        self.deaths.update(self.world.running(worker))
        self.world.fall_silent(worker)

    @rule()
    def save_redis(self) -> None:
        self.world.save_redis()

    @rule(loss=st.sampled_from(Loss))
    def lose_redis(self, loss) -> None:
        self.world.lose_redis(loss)
        self.keys_lost = self.keys_lost or loss not in KEPT_WHOLE

    @rule(worker=workers, stage=st.sampled_from(STAGES[:2]))
    def live_as_a_zombie(self, worker, stage) -> None:
        """It works on what was taken from it; chance alone would seldom order these steps so."""
        if not self._survives(worker, stage, 2):
            return
        self.fall_silent(worker)
        for _ in range(2):  # a sweeper that has just come to know Redis waits first
            self.world.sweep(0)
            self.world.advance(11)
        self.world.sweep(0)
        self.world.finish(worker, stage)

    @rule(worker=workers, other=workers, stage=st.sampled_from(STAGES[:2]))
    def work_in_two_times(self, worker, other, stage) -> None:
        """What it has passed on is there once more, and another one takes it."""
        self.world.save_redis()
        survives = self._survives(worker, stage, 1)
        self.lose_redis(Loss.SINCE_IT_WAS_SAVED)
        if self._survives(other, stage, 1):
            self.world.finish(other, stage)
        if survives and other != worker:
            self.world.finish(worker, stage)

    @rule(worker=workers, stage=st.sampled_from(STAGES[:2]), sweeper=st.integers(0, 1))
    def die_before_redis_goes_back(self, worker, stage, sweeper) -> None:
        """Redis tells of work in hand that was passed on before its holder died."""
        if self._survives(worker, stage, 1):
            self.world.save_redis()
            self.world.finish(worker, stage)
            self.crash(worker)
            self.lose_redis(Loss.SINCE_IT_WAS_SAVED)
            self.sweep(sweeper, 0)

    @rule(worker=workers)
    def record_what_was_given_up(self, worker) -> None:
        """It holds an outcome when Redis forgets the job, and another attempt is made of it."""
        for stage in STAGES[:2]:
            if not self._survives(worker, stage, 1):
                return
            self.world.finish(worker, stage)
        self.world.take(worker, Stage.RECORD, 1)
        self.lose_redis(Loss.ALL)
        self.world.advance(11)
        self.sweep(0, 0)
        self.world.finish(worker, Stage.RECORD)

    @rule(sweeper=st.integers(0, 1))
    def silence_the_bells(self, sweeper) -> None:
        self.lose_redis(Loss.BELLS)
        self.sweep(sweeper, 0)

    @precondition(lambda self: self.contents)
    @rule(number=st.integers(0, JOBS_MAX - 1))
    def cancel(self, number) -> None:
        job_id = list(self.contents)[number % len(self.contents)]
        self.canceled.add(job_id)
        self.world.cancel(job_id)

    @rule(seconds=st.sampled_from([1.0, 11.0, 40.0]))
    def advance(self, seconds) -> None:
        self.world.advance(seconds)

    @rule(sweeper=st.integers(0, 1), ahead_seconds=st.sampled_from([0, 0, 600, -600]))
    def sweep(self, sweeper, ahead_seconds) -> None:
        self.world.sweep(sweeper, ahead_seconds)
        assert self.world.silent() == [], "what waits has a bell"

    @rule(step=st.integers(0, 5))
    def sweep_between(self, step) -> None:
        self.world.sweep_between(step)

    @invariant()
    def promises(self) -> None:
        seen = self.world.seen()
        assert seen.keys() == self.contents.keys(), "what was accepted is there"
        for job_id, job in seen.items():
            self._one_end(job_id, job)
            self._of_its_attempt(job_id, job, seen)
            assert job.crashes <= self.deaths[job_id], "only the death of its worker is a crash"
            self._for_a_reason(job_id, job)

    @invariant()
    def partition(self) -> None:
        assert self.keys_lost or self.world.contradictions() == []

    def _one_end(self, job_id: str, job: Seen) -> None:
        ended = job.status in TERMINAL
        assert (job.logged == 1) is ended, "one log row for one end"
        assert (job.delivery is not None) is ended, "one webhook for one end"
        if ended:
            before = self.ends.setdefault(job_id, job)
            assert before == job, "an end never changes, nor does what was written with it"
        else:
            assert job_id not in self.ends

    def _for_a_reason(self, job_id: str, job: Seen) -> None:
        """Nobody ends for the sake of another, but by an answer that serves both."""
        assert job.status != State.CANCELED or job_id in self.canceled
        assert job.error_code != "deadline_exceeded" or job_id in self.hurried
        assert job.error_code != "worker_lost" or job.joined or job.crashes >= CRASHES_MAX

    def _of_its_attempt(self, job_id: str, job: Seen, seen: Mapping[str, Seen]) -> None:
        if job.status != State.SUCCEEDED:
            return
        assert job.wrote is not None
        writer, attempt = job.wrote
        assert seen[writer].attempt == attempt, "an outcome is of the current attempt"
        if writer != job_id:
            assert job.cache in ("hit", "joined")
            assert self.contents[writer] == self.contents[job_id], "an equal input"

    def teardown(self) -> None:
        """Whatever happened: once the faults end, every accepted job comes to its end."""
        try:
            self._settle()
            self.promises()
            self.keys_lost = False
            self.partition()
            for job_id, job in self.world.seen().items():
                assert job.status in TERMINAL, (job_id, job)
                assert self.contents[job_id] != POISON or job.status != State.SUCCEEDED
        finally:
            self.world.close()

    def _settle(self) -> None:
        for _ in range(SETTLED_AFTER):
            if all(job.status in TERMINAL for job in self.world.seen().values()):
                return
            self.world.advance(15)
            for worker in WORKERS:
                self.world.renew(worker)
            for sweeper in range(2):
                self.world.sweep(sweeper)
            for stage in STAGES:
                for worker in WORKERS:
                    self.world.finish(worker, stage)
                    self.take(worker, stage, 1)
                    self.world.finish(worker, stage)


def run(
    make: Callable[[], World], *, examples: int, steps: int, phases: Iterable[Phase] = tuple(Phase)
) -> None:
    """Raises what the shortest example raises that breaks a promise."""
    run_machine(
        lambda: Life(make()),
        settings=hypothesis.settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=phases,
            print_blob=False,
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )
