"""Small table rows: where the queue is all the work there is."""

from collections.abc import Iterator
from functools import partial

from loadtests.bench import loads
from loadtests.bench.arms.arm import SUBMITTING
from loadtests.bench.kinds import WINE
from loadtests.bench.meter import Figures
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.arms import everybody
from loadtests.bench.scenarios.scenario import Scenario
from loadtests.bench.sitting import Sitting

CLOSED = "closed loop"
BURST = "all submitted, then all fetched"


def measure(sitting: Sitting, plan: Plan) -> Iterator[tuple[str, Figures]]:
    sitting.warm_up(WINE)
    for case, load in ((CLOSED, loads.closed_loop), (BURST, loads.burst)):
        jobs = sitting.jobs(WINE, sitting.share_of(plan.tabular_jobs))
        yield case, sitting.measure(jobs, partial(load, connections=plan.connections))
    if dialect := sitting.service.patient.get(SUBMITTING):
        jobs = sitting.jobs(WINE, sitting.share_of(plan.tabular_jobs))
        load = partial(loads.closed_loop, connections=plan.connections)
        yield SUBMITTING, sitting.measure(jobs, load, dialect=dialect)


TABULAR = Scenario(
    "tabular",
    "64 connections, every result fetched: how many wines in a second?",
    everybody,
    measure,
    ("jobs_per_second", "p50_ms", "p99_ms", "cpu_ms", "redis_commands", "redis_round_trips",
     "peak_mib"),
)  # fmt: skip
