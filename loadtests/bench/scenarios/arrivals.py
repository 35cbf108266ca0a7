"""Requests that arrive on a schedule, whatever becomes of them, at one and four API processes."""

from collections.abc import Iterator, Sequence
from functools import partial

from loadtests.bench import loads
from loadtests.bench.arms.arm import Arm
from loadtests.bench.arms.naive import Naive
from loadtests.bench.arms.queuecast import Queuecast
from loadtests.bench.kinds import WINE
from loadtests.bench.meter import Figures
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.arms import shipped
from loadtests.bench.scenarios.scenario import Place, Scenario
from loadtests.bench.sitting import Sitting

MANY = 4
MANY_NAME = f"queuecast, {MANY} API processes"
CLOSED = "closed loop"
CONNECTIONS = 256
NAIVE_PER_SECOND = 200
"""The naive build is asked no more: it has its limit there, and would only fall behind."""


def case_of(per_second: int) -> str:
    return f"{per_second:,} a second"


def arms(place: Place, plan: Plan) -> Sequence[Arm]:
    folders = (place.light_models,)
    many = Queuecast(MANY_NAME, api_processes=MANY, models_dirs=folders)
    return (*shipped(place, plan), many, Naive(models_dirs=folders))


def measure(sitting: Sitting, plan: Plan) -> Iterator[tuple[str, Figures]]:
    sitting.warm_up(WINE)
    if sitting.arm == MANY_NAME:
        jobs = sitting.jobs(WINE, plan.tabular_jobs)
        load = partial(loads.closed_loop, connections=plan.connections)
        yield CLOSED, sitting.measure(jobs, load)
    for per_second in plan.arrivals_per_second:
        if sitting.service.share < 1 and per_second > NAIVE_PER_SECOND:
            continue
        jobs = sitting.jobs(WINE, round(per_second * plan.arrival_seconds))
        arriving = partial(loads.open_loop, per_second=per_second, connections=CONNECTIONS)
        yield case_of(per_second), sitting.measure(jobs, arriving)


ARRIVALS = Scenario(
    "arrivals",
    "requests on a schedule, one job each, over one and four API processes",
    arms,
    measure,
    ("accepted_per_second", "accept_p50_ms", "accept_p99_ms", "jobs_per_second", "cpu_ms",
     "redis_commands", "redis_round_trips"),
    in_quick=False,
)  # fmt: skip
