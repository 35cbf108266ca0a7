"""One job at a time on an idle system: how long from the submit to the result in hand?"""

from collections.abc import Iterator
from functools import partial

from loadtests.bench import loads
from loadtests.bench.kinds import WINE
from loadtests.bench.meter import Figures
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.arms import everybody
from loadtests.bench.scenarios.scenario import Scenario
from loadtests.bench.sitting import Sitting

REST_SECONDS = 0.02


def measure(sitting: Sitting, plan: Plan) -> Iterator[tuple[str, Figures]]:
    sitting.warm_up(WINE)
    load = partial(loads.closed_loop, connections=1, rest_seconds=REST_SECONDS)
    for case, dialect in sitting.service.patient.items():
        yield case, sitting.measure(sitting.jobs(WINE, plan.idle_jobs), load, dialect=dialect)


IDLE = Scenario(
    "idle",
    "one job at a time: how long from the submit to the result?",
    everybody,
    measure,
    ("p50_ms", "p99_ms", "accept_p50_ms", "cpu_ms", "redis_commands", "redis_round_trips"),
)
