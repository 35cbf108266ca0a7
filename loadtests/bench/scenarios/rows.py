"""A database that has grown: does a job, a look or a page cost more?"""

from collections.abc import Iterator, Sequence
from functools import partial
from random import Random

from loadtests.bench import loads
from loadtests.bench.arms.arm import Arm, Service
from loadtests.bench.arms.filled import COPIED, Filled, rows_of
from loadtests.bench.errors import ArmFailed
from loadtests.bench.http_client import request
from loadtests.bench.kinds import WINE
from loadtests.bench.ledger import database_of, ids_at
from loadtests.bench.meter import Figures
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.scenario import Place, Scenario
from loadtests.bench.sitting import Sitting, percentiles

CASE = "closed loop"


def arms(place: Place, plan: Plan) -> Sequence[Arm]:
    return [Filled(rows, place.kept) for rows in plan.rows]


def measure(sitting: Sitting, plan: Plan) -> Iterator[tuple[str, Figures]]:
    sitting.warm_up(WINE)
    service, jobs = sitting.service, sitting.jobs(WINE, plan.tabular_jobs)
    figures = sitting.measure(jobs, partial(loads.closed_loop, connections=plan.connections))
    count = rows_of(sitting.arm)
    places = Random(count).sample(range(len(COPIED), len(COPIED) + count), min(plan.looks, count))
    old = ids_at(database_of(service.data_dir), places)
    gets = [request(service.address, "GET", f"/api/v1/predictions/{one}") for one in old]
    pages = [request(service.address, "GET", "/api/v1/predictions?limit=20")] * (plan.looks // 5)
    yield CASE, figures | looked(service, gets, "get_") | looked(service, pages, "page_")


def looked(service: Service, requests: Sequence[bytes], prefix: str) -> Figures:
    """How long plain reads take, one after the other."""
    outcome = loads.ask_all(service, requests, connections=1)
    if refused := [answer for answer in outcome.answers if answer.status != 200]:
        raise ArmFailed(f"a read was answered {refused[0].status}: {refused[0].body[:200]!r}")
    return percentiles(outcome.latencies, prefix)


ROWS = Scenario(
    "rows",
    "1k, 100k and 1M jobs in SQL: does a job, a look or a page cost more?",
    arms,
    measure,
    ("jobs_per_second", "p50_ms", "p99_ms", "get_p50_ms", "get_p99_ms", "page_p50_ms",
     "page_p99_ms", "peak_mib"),
    in_quick=False,
    max_rounds=2,
)  # fmt: skip
