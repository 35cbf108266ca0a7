import asyncio
import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis import ResponseError
from sqlalchemy import func, select

from loadtests.bench.processes import tree
from loadtests.chaos import counted_models
from loadtests.chaos.receiver import Receiver, receiving
from loadtests.chaos.run import Plan, victim
from loadtests.chaos.victims.queuecast import Queuecast
from queuecast import Client, Prediction, Retries
from shared.jobs.table import job_table

PATIENCE_SECONDS = 60.0
RECOVERIES: list[tuple[str, str, float]] = []

# Rescue in seconds instead of tens of seconds; the rules are the same.
QUICK = {
    "QUEUECAST_DISPATCH_GRACE_SECONDS": "2",
    "QUEUECAST_SWEEP_SECONDS": "0.3",
    "QUEUECAST_BELL_TTL_SECONDS": "3",
    "QUEUECAST_HEARTBEAT_SECONDS": "1",
    "QUEUECAST_HEARTBEAT_TTL_SECONDS": "4",
}


class Faulty:
    """A running system that is to be harmed, and the jobs that it was given."""

    def __init__(self, running: Queuecast, folder: Path, failpoints: Path) -> None:
        self.running = running
        self.servers = running.servers
        self.folder = folder
        self._failpoints = failpoints
        self._numbers = itertools.count()
        self.jobs: dict[str, int] = {}
        where = f"http://{running.address.host}:{running.address.port}"
        retries = Retries(attempts=40, first_seconds=0.1, longest_seconds=1.0)
        self.url = where
        self.client = Client(where, timeout_seconds=20, retries=retries)

    def submit(
        self, count: int = 1, model: str = "quick", webhook: str | None = None, **more: Any
    ) -> list[Prediction]:
        """So many jobs; `more` goes into their inputs."""
        numbers = [next(self._numbers) for _ in range(count)]
        inputs = [{"x": float(number), **more} for number in numbers]
        jobs = [self.client.submit(model, one, webhook=webhook) for one in inputs]
        self.jobs |= {job.id: number for job, number in zip(jobs, numbers, strict=True)}
        return jobs

    def pids(self, role: str) -> list[int]:
        return self.running.roles().get(role, [])

    def signal(self, role: str, number: int) -> list[int]:
        """Sends it to each process of a kind, and answers their pids."""
        pids = self.pids(role)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return pids

    def holder(self, stage: str, model: str) -> int:
        """The pid of a worker that has jobs of a model in its hands; waits for one."""
        stream = f"queuecast:backlog:{stage}:{model}:1:normal"

        def found() -> list[bytes]:
            with suppress(ResponseError):  # no group yet: nobody has taken anything
                consumers = self.servers.redis.client().xpending(stream, "workers")["consumers"]
                return [one["name"] for one in consumers]
            return []

        return int(until(found)[0].decode().split(":")[2])

    def arm(self, place: str, seconds: str = "") -> None:
        """See `shared.failpoints`: whoever comes there first dies, or stands still."""
        draft = self._failpoints / "draft"
        draft.write_text(seconds)
        draft.rename(self._failpoints / place)

    def was_reached(self, place: str) -> bool:
        return not (self._failpoints / place).exists()

    def all_end(self, fault: str, note: str = "") -> list[Prediction]:
        """Waits until all jobs have ended, and notes how long that took; all must be right."""
        begun = time.monotonic()
        until(lambda: self.running.unfinished(datetime.now(UTC)) == 0, PATIENCE_SECONDS)
        RECOVERIES.append((fault, note, time.monotonic() - begun))
        # SQL has the end a moment before it is shown, and Redis may be told even later.
        done = [self.client.wait(job_id, timeout_seconds=30) for job_id in self.jobs]
        assert [one for one in done if one.status != "succeeded"] == []
        assert [one.output["y"] for one in done] == [
            3.0 * number + 1 for number in self.jobs.values()
        ]
        assert {row.ends for row in self.running.rows()} == {1}
        self.jobs.clear()
        return done

    def attempts(self, *jobs: Prediction) -> set[int]:
        """The last ones of these, or of all jobs."""
        ids = {job.id for job in jobs}
        return {row.attempt for row in self.running.rows() if not ids or row.id in ids}

    def crashes(self, *jobs: Prediction) -> int:
        """How often a worker is said to have died while it ran one of these."""
        count = func.sum(job_table.c.crashes)
        query = select(count).where(job_table.c.id.in_([job.id for job in jobs]))
        with self.running.engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def executions(self, stage: str = "predict") -> Counter[int]:
        """By the job's number."""
        ran = counted_models.executions(self.folder / "executions")
        return Counter(one.number for one in ran if one.stage == stage)

    def runs(self, *jobs: Prediction) -> None:
        """Waits until a worker is at one of these."""
        until(lambda: any(self.client.get(job.id).stage == "predicting" for job in jobs))

    def environment(self, role: str) -> dict[str, str]:
        """What a process of this kind was started with."""
        data = Path(f"/proc/{self.pids(role)[0]}/environ").read_bytes()
        pairs = (part.decode().partition("=") for part in data.split(b"\0") if part)
        return {name: value for name, _, value in pairs}


def until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it did not come true in {seconds} s"
        time.sleep(0.02)
    return found


@pytest.fixture(name="until")
def waiting_until() -> Callable[..., Any]:
    """Waits for something to become true."""
    return until


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Faulty]]:
    """Starts systems of a module's own."""
    with ExitStack() as stack:

        def make(database: str = "sqlite", **settings: str) -> Faulty:
            return start_one(stack, tmp_path_factory.mktemp("chaos"), database, **settings)

        yield make


def start_one(stack: ExitStack, folder: Path, database: str = "sqlite", **settings: str) -> Faulty:
    failpoints = folder / "failpoints"
    failpoints.mkdir()
    given = QUICK | {"QUEUECAST_FAILPOINTS": str(failpoints)} | settings
    plan = Plan(0, 1.0, database=database, settings=given)
    faulty = Faulty(stack.enter_context(victim(plan, folder)), folder, failpoints)
    stack.callback(faulty.client.close)
    return faulty


@pytest.fixture(scope="session")
def shared_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    with ExitStack() as stack:
        yield start_one(stack, tmp_path_factory.mktemp("chaos"))


@pytest.fixture
def system(shared_system: Faulty, until) -> Iterator[Faulty]:
    """One for all tests that need no other, whole again before each."""
    until(lambda: is_whole(shared_system))
    yield shared_system
    shared_system.jobs.clear()


def is_whole(faulty: Faulty) -> bool:
    roles = faulty.running.roles()
    return len(roles) == 6 and all(_lives(pid) for pids in roles.values() for pid in pids)


def _lives(pid: int) -> bool:
    return bool(tree([pid]) and Path(f"/proc/{pid}").exists())


def pytest_terminal_summary(terminalreporter) -> None:
    if not RECOVERIES:
        return
    terminalreporter.section("recovery")
    for fault, note, seconds in RECOVERIES:
        terminalreporter.write_line(f"{fault:<4} {seconds:6.2f} s  {note}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Who is called back, in a thread of its own."""
    ready, stop = threading.Event(), asyncio.Event()
    found: list[Any] = []

    async def serve() -> None:
        async with receiving(lambda job_id, body: None) as made:
            found.extend((made, asyncio.get_running_loop()))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait(10)
    yield found[0]
    found[1].call_soon_threadsafe(stop.set)
    thread.join()
