"""Models that need milliseconds: how much of the cores is left to them?"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from loadtests.bench import loads
from loadtests.bench.arms.arm import Arm
from loadtests.bench.arms.bare_loop import BareLoop
from loadtests.bench.arms.naive import Naive
from loadtests.bench.arms.queuecast import Queuecast
from loadtests.bench.jobs import Kind
from loadtests.bench.kinds import RESNET18, TRANSFORMER
from loadtests.bench.meter import Figures
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.scenario import Place, Scenario
from loadtests.bench.sitting import Sitting

CASE = "closed loop"
COLUMNS = ("jobs_per_second", "p50_ms", "p99_ms", "cpu_ms", "peak_mib")


def arms(place: Place, _plan: Plan) -> Sequence[Arm | BareLoop]:
    folders = (place.heavy_models,)
    return BareLoop(folders), Queuecast(models_dirs=folders), Naive(models_dirs=folders)


def measuring(kind: Kind) -> Callable[[Sitting, Plan], Iterator[tuple[str, Figures]]]:
    def measure(sitting: Sitting, plan: Plan) -> Iterator[tuple[str, Figures]]:
        sitting.warm_up(kind)
        jobs = sitting.jobs(kind, sitting.share_of(plan.heavy_jobs))
        yield CASE, sitting.measure(jobs, partial(loads.closed_loop, connections=plan.connections))

    return measure


TRANSFORMER_SHAPED = Scenario(
    "transformer",
    "a sentence encoder of 10 ms: how near to a bare onnxruntime loop?",
    arms,
    measuring(TRANSFORMER),
    COLUMNS,
)

RESNET18_SHAPED = Scenario(
    "resnet18",
    "a picture classifier of 20 ms: how near to a bare onnxruntime loop?",
    arms,
    measuring(RESNET18),
    COLUMNS,
)
