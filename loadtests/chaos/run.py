"""One run: a system, a load, faults; then peace until all has ended, and the examination."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from loadtests.chaos import counted_models, findings
from loadtests.chaos.counted_models import Execution
from loadtests.chaos.databases import Postgresql, Sqlite, postgresql
from loadtests.chaos.faults import bells, databases, processes, receivers, redis
from loadtests.chaos.faults.fault import Fault
from loadtests.chaos.findings import Findings
from loadtests.chaos.load import Load, Sent
from loadtests.chaos.nemesis import Nemesis, Struck
from loadtests.chaos.network import link_to
from loadtests.chaos.orders import orders
from loadtests.chaos.receiver import Receiver, receiving
from loadtests.chaos.redis_server import redis_server
from loadtests.chaos.schedule import Strike, strikes
from loadtests.chaos.soak import Sample, Sampler
from loadtests.chaos.victims import naive, queuecast
from loadtests.chaos.victims.victim import Row, Servers, Victim

STUCK_SECONDS = 60.0
"""After so long without any job's end, what has not ended never will."""

WEBHOOK_SECONDS = 8.0
"""A second attempt comes after 4 to 6 s, a third after minutes: that one is not waited for."""

AUDIT_SECONDS = 40.0

PATIENCE_SECONDS = {"queuecast": 60.0, "naive": 5.0}
"""So long a strike waits to be recovered from: a system that loses jobs never does."""

QUEUECAST_ROLES = ("api", "preprocess", "predict", "record", "deliver", "sweeper")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many jobs, how many a second; `settings` are variables for the system's processes."""

    jobs: int
    a_second: float
    seed: int = 1
    system: str = "queuecast"
    database: str = "sqlite"
    settings: Mapping[str, str] = field(default_factory=dict)
    with_faults: bool = True
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that is known afterwards."""

    plan: Plan
    found: Findings
    sent: Sequence[Sent]
    rows: Sequence[Row]
    struck: Sequence[Struck]
    again: Sequence[Execution]
    samples: Sequence[Sample]
    seconds: float


def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Keeps what it writes, logs included, in `folder`."""
    with victim(plan, folder) as struck_one:
        say(f"{struck_one.name} on {plan.database} is up; seed {plan.seed}")
        return asyncio.run(_Run(plan, folder, struck_one, say).outcome())


@contextmanager
def victim(plan: Plan, folder: Path) -> Iterator[Victim]:
    """The system of a plan, over servers of its own."""
    models_dir = counted_models.build(folder / "models")
    with ExitStack() as stack:
        server = stack.enter_context(redis_server(folder))
        link = stack.enter_context(link_to(server.socket_path))
        database: Sqlite | Postgresql
        if plan.database == "postgres":
            database = stack.enter_context(postgresql())
        else:
            database = Sqlite(_sqlite_file(plan, folder))
        told = {counted_models.LEDGER: str(folder / "executions"), **plan.settings}
        given = folder, models_dir, Servers(server, link, database), told
        if plan.system == "queuecast":
            yield stack.enter_context(queuecast.running(*given))
        else:
            yield stack.enter_context(naive.running(*given))


def _sqlite_file(plan: Plan, folder: Path) -> Path:
    """Where the system keeps it, unless its settings say otherwise."""
    if url := plan.settings.get("QUEUECAST_DATABASE_URL"):
        return Path(url.removeprefix("sqlite:///"))
    home = folder / "data" if plan.system == "queuecast" else folder
    return home / "queuecast.db"


def faults_of(plan: Plan) -> list[Fault]:
    """All that may happen to this system on this database."""
    if plan.system == "naive":
        found = processes.faults(("api", "worker"), ("worker",))
        return [*found, *redis.FAULTS, *_of_database(plan)]
    found = processes.faults(QUEUECAST_ROLES, ("preprocess", "predict", "record"))
    return [*found, *redis.FAULTS, *_of_database(plan), *bells.FAULTS, *receivers.FAULTS]


def _of_database(plan: Plan) -> list[Fault]:
    return databases.POSTGRESQL if plan.database == "postgres" else databases.SQLITE


class _Run:
    def __init__(
        self, plan: Plan, folder: Path, victim: Victim, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._victim = victim
        self._say = say
        self._over = threading.Event()
        self._sampler = Sampler(victim, self._over)

    async def outcome(self) -> Outcome:
        begun = time.monotonic()
        load: Load | None = None

        def told(job_id: str, body: bytes) -> None:
            if load is not None:
                load.note_end(job_id, body)

        async with receiving(told) as receiver:
            load = Load(self._victim, receiver.url)
            struck = await self._under_load(load, receiver)
            self._say(
                f"{len(load.sent)} sent, {len(struck)} strikes; waiting for what is under way"
            )
            await self._until_all_ended()
            await self._until_all_told()
            contradictions = await self._contradictions()
            await load.look_at_all()
            load.close()
            outcome = self._examined(load, receiver, struck, time.monotonic() - begun)
            outcome.found.contradictions = len(contradictions)
            for one in contradictions:
                outcome.found.note("contradiction", one)
            return outcome

    async def _under_load(self, load: Load, receiver: Receiver) -> list[Struck]:
        plan = self._plan
        nemesis = Nemesis(self._victim, receiver, self._over, self._say)
        schedule: Iterator[Strike] = iter(())
        if plan.with_faults:
            schedule = strikes(faults_of(plan), plan.seed)
        patience = PATIENCE_SECONDS[plan.system]
        striking = asyncio.create_task(asyncio.to_thread(nemesis.run, schedule, patience))
        if plan.sampled:
            threading.Thread(target=self._sampler.run, daemon=True).start()
        try:
            await load.run(orders(plan.jobs, plan.seed), plan.a_second)
        finally:
            self._over.set()
            await striking
        return nemesis.struck

    async def _until_all_ended(self) -> None:
        """Or until nothing has ended for so long that nothing will."""
        left, since = -1, time.monotonic()
        while time.monotonic() - since < STUCK_SECONDS:
            now = await asyncio.to_thread(self._victim.unfinished, datetime.now(UTC))
            if now == 0:
                return
            if now is not None and now != left:
                left, since = now, time.monotonic()
            await asyncio.sleep(0.2)

    async def _until_all_told(self) -> None:
        until = time.monotonic() + WEBHOOK_SECONDS
        while time.monotonic() < until:
            states = await asyncio.to_thread(self._victim.deliveries)
            if "pending" not in states.values():
                return
            await asyncio.sleep(0.2)

    async def _contradictions(self) -> Sequence[str]:
        """Those that stay: the sweeper mends within half a minute what a lost key leaves."""
        until = time.monotonic() + AUDIT_SECONDS
        while found := await asyncio.to_thread(self._victim.contradictions):
            if time.monotonic() > until:
                return found
            await asyncio.sleep(1)
        return []

    def _examined(
        self, load: Load, receiver: Receiver, struck: Sequence[Struck], seconds: float
    ) -> Outcome:
        rows = self._victim.rows()
        executions = counted_models.executions(self._folder / "executions")
        found = findings.examine(load.sent, rows, load.ends, executions)
        found.fenced = self._victim.fenced()
        findings.examine_webhooks(found, load.sent, self._victim.deliveries(), receiver)
        again = findings.executed_again(rows, executions)
        samples = self._sampler.samples
        return Outcome(self._plan, found, load.sent, rows, struck, again, samples, seconds)
