from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.backlog.backlogs import Move, Take, Taken
from shared.backlog.entries import Entry
from shared.clock import FakeClock
from shared.domain.names import Stage
from shared.domain.outcome import Outcome
from shared.domain.prediction import Snapshot
from shared.domain.states import State
from shared.errors import VersionNotFound
from shared.jobs.new_job import NewJob
from shared.payloads.directory import DirectoryBlobs
from shared.settings import Settings
from workers.worker import Worker

TAKEN_AT = 1000.0
ADDED = b"998000-0"  # two seconds before


@dataclass
class FakeBacklogs:
    """Hands out what waits, and keeps what was moved, call by call."""

    journal: list[tuple[str, Any]]
    clock: FakeClock
    waiting: list[Taken] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    finished: list[Snapshot] = field(default_factory=list)
    let_go: list[Taken] = field(default_factory=list)
    coming: list[Taken] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    remembered: dict[str, str] = field(default_factory=dict)
    looks: int = 0

    def take(
        self, backlog: Any, consumer: str, count: int, order: Any, *, noting: bool, **_: Any
    ) -> Take:
        self.journal += [] if noting else [("took without a note", consumer)]
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        return Take(self.time(), taken)

    def look_again(self, some: Sequence[Taken]) -> Take:
        """Jobs in `ended` are owed no more."""
        self.looks += 1
        return Take(self.time(), [one for one in some if one.entry.id not in self.ended])

    def owes_any(self, some: Sequence[Taken]) -> bool:
        return any(one.entry.id not in self.ended for one in some)

    def hush(self, backlog: Any, seconds: float) -> None:
        """Whatever waits for the hush comes to the backlog meanwhile."""
        self.journal.append(("hushed", seconds))
        self.waiting += self.coming
        self.coming = []

    def time(self) -> float:
        return TAKEN_AT + self.clock.monotonic()

    def move(self, moves: Sequence[Move]) -> list[bool]:
        self.moves += moves
        self.journal.append(("moved", [move.entry.id for move in moves]))
        return [True] * len(moves)

    def finish(self, snapshots: Any, sources: Any, hashes: dict[str, str]) -> None:
        self.finished += snapshots
        self.let_go += sources
        self.remembered |= hashes


@dataclass
class FakeRedis:
    """What a consumer says to Redis; only the running jobs are kept."""

    journal: list[tuple[str, Any]]

    def pipeline(self, *, transaction: bool) -> "FakeRedis":
        return self

    def hset(self, key: str, thread: str, job_ids: str) -> None:
        self.journal.append(("running", job_ids.split(",")))

    def ignore(self, *_: object, **__: object) -> list[Any]:
        return [{"run_id": "1"}, True, 0, True]

    info = expire = exists = set = delete = sismember = sadd = execute = ignore


@dataclass
class FakeRegistry:
    """Serves one model at version 1."""

    model: Any

    @property
    def models(self) -> dict[str, Any]:
        return {self.model.name: self.model}

    def resolve(self, reference: str) -> tuple[Any, Any]:
        if reference != f"{self.model.name}:1":
            raise VersionNotFound("no such version")
        return self.model, SimpleNamespace(model=self.model.name, version="1")


@pytest.fixture
def journal() -> list[tuple[str, Any]]:
    """What happened, in order."""
    return []


@pytest.fixture
def backlogs(journal: list[tuple[str, Any]], clock: FakeClock) -> FakeBacklogs:
    return FakeBacklogs(journal, clock)


@pytest.fixture
def model(tmp_path: Path) -> SimpleNamespace:
    """A model of the name `m` whose folder a test may fill."""
    return SimpleNamespace(
        name="m",
        folder=tmp_path / "m",
        lane="cpu",
        preprocess_batch=8,
        max_batch_size=8,
        max_batch_delay_ms=0,
        timeout_seconds=10.0,
        allow_non_finite=False,
    )


@pytest.fixture
def new_worker(
    settings: Settings,
    clock: FakeClock,
    backlogs: FakeBacklogs,
    journal: list[tuple[str, Any]],
    model: SimpleNamespace,
) -> Callable[..., Worker]:
    """Makes workers of a stage over fakes; parts of the container can be given."""

    def make(stage: Stage, **parts: Any) -> Worker:
        standard = {
            "settings": settings,
            "clock": clock,
            "blobs": DirectoryBlobs(settings.blobs_dir),
            "redis": FakeRedis(journal),
            "backlogs": backlogs,
            "served": {},
        }
        return Worker(stage, SimpleNamespace(**(standard | parts)), FakeRegistry(model))

    return make


@pytest.fixture
def add(backlogs: FakeBacklogs, new_job: Callable[..., NewJob]) -> Callable[..., Taken]:
    """Puts a job with this payload on the backlog."""

    def run(payload: bytes = b"", job: NewJob | None = None, **changes: Any) -> Taken:
        job = job or new_job(model="m", input=b"0")
        changes.setdefault("outcome", Outcome(State.QUEUED))
        entry = Entry(job.snapshot(1024), payload, **changes)
        backlogs.waiting.append(Taken(entry, "stream", ADDED))
        return backlogs.waiting[-1]

    return run


@pytest.fixture
def move_of(backlogs: FakeBacklogs) -> Callable[[Taken], Move]:
    """The one move of an entry."""

    def find(one: Taken) -> Move:
        (move,) = [move for move in backlogs.moves if move.source is one]
        return move

    return find
