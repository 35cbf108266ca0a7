"""Jobs that were answered before, and jobs that somebody is waiting for already."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from random import Random

import orjson

from loadtests.bench import loads
from loadtests.bench.jobs import Jobs
from loadtests.bench.kinds import WINE
from loadtests.bench.loads import Outcome
from loadtests.bench.meter import Figures
from loadtests.bench.plan import Plan
from loadtests.bench.processes import held
from loadtests.bench.scenarios.arms import shipped
from loadtests.bench.scenarios.scenario import Scenario
from loadtests.bench.sitting import Sitting

KNOWN = 100
IDENTICAL = 1_000
IN_FLIGHT = "1,000 identical in flight"


def case_of(share: int) -> str:
    return f"{share} % hits"


def measure(sitting: Sitting, plan: Plan) -> Iterator[tuple[str, Figures]]:
    sitting.warm_up(WINE)
    load = partial(loads.closed_loop, connections=plan.connections)
    known = sitting.jobs(WINE, KNOWN)
    sitting.measure(known, load)
    for share in plan.cache_shares:
        jobs = _mixed(sitting, known, plan.cache_jobs, share)
        yield case_of(share), sitting.measure(jobs, load, also=_cache_states)
    yield IN_FLIGHT, _identical(sitting)


def _mixed(sitting: Sitting, known: Jobs, count: int, share: int) -> Jobs:
    """`share` percent of the jobs have an input that was answered before."""
    random = Random(share)
    repeated = random.choices(known.pairs, k=count * share // 100)
    pairs = [*repeated, *sitting.jobs(WINE, count - len(repeated)).pairs]
    random.shuffle(pairs)
    return Jobs(known.model, pairs)


def _identical(sitting: Sitting) -> Figures:
    """All are submitted while no worker runs, so all are in flight at once."""
    one = sitting.jobs(WINE, 1)
    jobs = Jobs(one.model, [*one.pairs] * IDENTICAL)
    with held(sitting.worker_pids()) as let_go:
        load = partial(loads.burst, connections=64, between=let_go)
        return sitting.measure(jobs, load, also=_cache_states)


def _cache_states(outcome: Outcome) -> Figures:
    """The shares of `hit`, `joined` and `miss`, and how many jobs ran the model."""
    states = Counter(orjson.loads(answer.body)["cache"] for answer in outcome.answers)
    total = len(outcome.answers)
    shares = {f"{state}_share": states[state] / total for state in ("hit", "joined", "miss")}
    return {**shares, "model_runs": float(states["miss"])}


CACHE = Scenario(
    "cache",
    "how fast is what was asked before, and does a herd run the model once?",
    shipped,
    measure,
    ("jobs_per_second", "p50_ms", "p99_ms", "hit_share", "joined_share", "model_runs", "cpu_ms",
     "redis_commands"),
)  # fmt: skip
