"""PostgreSQL in the place of SQLite."""

from collections.abc import Iterator, Sequence
from functools import partial

from loadtests.bench import loads
from loadtests.bench.arms.arm import Arm
from loadtests.bench.arms.postgresql import QueuecastOnPostgresql
from loadtests.bench.kinds import WINE
from loadtests.bench.meter import Figures
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.arms import shipped
from loadtests.bench.scenarios.scenario import Place, Scenario
from loadtests.bench.sitting import Sitting

CASE = "closed loop"


def arms(place: Place, plan: Plan) -> Sequence[Arm]:
    return (*shipped(place, plan), QueuecastOnPostgresql(models_dirs=(place.light_models,)))


def measure(sitting: Sitting, plan: Plan) -> Iterator[tuple[str, Figures]]:
    sitting.warm_up(WINE)
    jobs = sitting.jobs(WINE, plan.tabular_jobs)
    yield CASE, sitting.measure(jobs, partial(loads.closed_loop, connections=plan.connections))


DATABASE = Scenario(
    "database",
    "the tabular load over SQLite and over PostgreSQL",
    arms,
    measure,
    ("jobs_per_second", "p50_ms", "p99_ms", "cpu_ms", "redis_commands", "peak_mib"),
    in_quick=False,
)
