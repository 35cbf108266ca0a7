"""Request bodies from 1 KiB to 1 MiB through a model that does next to nothing."""

from collections.abc import Iterator
from functools import partial

from loadtests.bench import loads
from loadtests.bench.kinds import payload
from loadtests.bench.meter import Figures
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.arms import against_naive
from loadtests.bench.scenarios.scenario import Scenario
from loadtests.bench.sitting import Sitting

CONNECTIONS = 16


def case_of(size: int) -> str:
    return f"{size >> 10} KiB" if size < 1 << 20 else f"{size >> 20} MiB"


def measure(sitting: Sitting, plan: Plan) -> Iterator[tuple[str, Figures]]:
    for size, count in plan.payload_jobs:
        jobs = sitting.jobs(payload(size), sitting.share_of(count))
        load = partial(loads.closed_loop, connections=CONNECTIONS)
        yield case_of(size), sitting.measure(jobs, load)


PAYLOADS = Scenario(
    "payloads",
    "16 connections, bodies from 1 KiB to 1 MiB: what does size cost?",
    against_naive,
    measure,
    ("jobs_per_second", "p50_ms", "p99_ms", "cpu_ms", "redis_mib", "peak_mib"),
)
