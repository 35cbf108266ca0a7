"""PNG files of handwritten digits: the API reads headers, the workers decode pixels."""

from collections.abc import Iterator
from functools import partial

from loadtests.bench import loads
from loadtests.bench.kinds import DIGITS
from loadtests.bench.meter import Figures
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.arms import against_naive
from loadtests.bench.scenarios.scenario import Scenario
from loadtests.bench.sitting import Sitting

CASE = "closed loop"


def measure(sitting: Sitting, plan: Plan) -> Iterator[tuple[str, Figures]]:
    sitting.warm_up(DIGITS)
    jobs = sitting.jobs(DIGITS, sitting.share_of(plan.image_jobs))
    load = partial(loads.closed_loop, connections=plan.connections)
    yield CASE, sitting.measure(jobs, load)


IMAGE = Scenario(
    "image",
    "64 connections: how many PNG files in a second?",
    against_naive,
    measure,
    ("jobs_per_second", "p50_ms", "p99_ms", "cpu_ms", "redis_commands", "peak_mib"),
)
