"""A queue that has grown: how fast is it worked off, and what does a job in it weigh?"""

from collections.abc import Iterator
from random import Random

import orjson

from loadtests.bench import loads
from loadtests.bench.answers import require_equal
from loadtests.bench.arms.arm import Service
from loadtests.bench.errors import ArmFailed
from loadtests.bench.http_client import request
from loadtests.bench.jobs import Jobs
from loadtests.bench.kinds import WINE
from loadtests.bench.ledger import database_of, until_all_ended
from loadtests.bench.meter import Figures, metered
from loadtests.bench.plan import Plan
from loadtests.bench.processes import held
from loadtests.bench.redis_counters import used_bytes
from loadtests.bench.scenarios.arms import shipped
from loadtests.bench.scenarios.rows import looked
from loadtests.bench.scenarios.scenario import Scenario
from loadtests.bench.sitting import Sitting

AT_ONCE = 500
BULK_CONNECTIONS = 4


def case_of(depth: int) -> str:
    return f"{depth:,} queued"


def measure(sitting: Sitting, plan: Plan) -> Iterator[tuple[str, Figures]]:
    sitting.warm_up(WINE)
    for depth in plan.depths:
        yield case_of(depth), _at(sitting, sitting.jobs(WINE, depth), plan)


def _at(sitting: Sitting, jobs: Jobs, plan: Plan) -> Figures:
    """Fills the queue while no worker runs, looks around, and times how it is worked off."""
    service, before = sitting.service, used_bytes(sitting.service.redis_url)
    with held(sitting.worker_pids()) as let_go:
        ids, accepted_per_second = _fill(service, jobs)
        weight = (used_bytes(service.redis_url) - before) / len(jobs)
        picked = Random(len(jobs)).sample(range(len(jobs)), min(plan.looks, len(jobs)))
        gets = [request(service.address, "GET", f"/api/v1/predictions/{ids[n]}") for n in picked]
        figures = looked(service, gets, "get_")
        with metered(service, len(jobs)) as spent:
            let_go()
            seconds = until_all_ended(database_of(service.data_dir))
    answers = loads.ask_all(service, gets, connections=8).answers
    expected = jobs.expected
    require_equal([service.dialect.output(one) for one in answers], [expected[n] for n in picked])
    return {
        "jobs_per_second": len(jobs) / seconds,
        "accepted_per_second": accepted_per_second,
        "redis_bytes_per_job": weight,
        **figures,
        **spent,
    }


def _fill(service: Service, jobs: Jobs) -> tuple[list[str], float]:
    """The ids in order, and how many jobs were accepted in a second."""
    outcome = loads.ask_all(service, _bulk(service, jobs), BULK_CONNECTIONS)
    if refused := [answer for answer in outcome.answers if answer.status != 202]:
        raise ArmFailed(f"a bulk was answered {refused[0].status}: {refused[0].body[:200]!r}")
    results = [one for answer in outcome.answers for one in orjson.loads(answer.body)["results"]]
    return [one["prediction"]["id"] for one in results], len(jobs) / outcome.seconds


def _bulk(service: Service, jobs: Jobs) -> list[bytes]:
    inputs, model = jobs.inputs, jobs.model.encode()
    parts = [b",".join(inputs[at : at + AT_ONCE]) for at in range(0, len(inputs), AT_ONCE)]
    bodies = [b'{"model":"%b","inputs":[%b]}' % (model, part) for part in parts]
    return [request(service.address, "POST", "/api/v1/predictions/bulk", body) for body in bodies]


DEPTH = Scenario(
    "depth",
    "1k, 10k and 100k jobs in the queue: how fast is it worked off, what does a job weigh?",
    shipped,
    measure,
    ("jobs_per_second", "accepted_per_second", "get_p50_ms", "get_p99_ms", "redis_bytes_per_job",
     "redis_commands", "cpu_ms", "peak_mib"),
    alone=True,
    in_quick=False,
    max_rounds=2,
)  # fmt: skip
