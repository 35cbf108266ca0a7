"""A sitting: one start of an arm, in which no input is used twice unless that is the question."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import quantiles

from loadtests.bench import loads
from loadtests.bench.answers import require_equal
from loadtests.bench.arms.arm import Dialect, Service
from loadtests.bench.jobs import Jobs, Kind, Supply
from loadtests.bench.loads import Outcome
from loadtests.bench.meter import Figures, metered

Load = Callable[[Service, Sequence[bytes]], Outcome]

WARM_UP_CONNECTIONS = 16


class Sitting:
    def __init__(self, arm: str, service: Service, supply: Supply) -> None:
        self.arm = arm
        self.service = service
        self._supply = supply
        self._used: dict[str, int] = {}

    def jobs(self, kind: Kind, count: int) -> Jobs:
        """Jobs that this start has not seen."""
        first = self._used.get(kind.name, 0)
        self._used[kind.name] = first + count
        return self._supply.jobs(kind, first, count)

    def warm_up(self, kind: Kind, count: int) -> None:
        """Code paths, caches and connections of every process are warm when the clock starts."""
        jobs = self.jobs(kind, count)
        submits = self._rendered(self.service, jobs)
        loads.closed_loop(self.service, submits, WARM_UP_CONNECTIONS)

    def measure(self, jobs: Jobs, load: Load, dialect: Dialect | None = None) -> Figures:
        """Runs the load, checks every result against the direct answer, and sums up."""
        service = replace(self.service, dialect=dialect) if dialect else self.service
        submits = self._rendered(service, jobs)
        gc.collect()
        with metered(service, len(jobs)) as figures:
            outcome = load(service, submits)
        require_equal([service.dialect.output(one) for one in outcome.answers], jobs.expected)
        return summary(outcome) | figures

    def _rendered(self, service: Service, jobs: Jobs) -> list[bytes]:
        submit, address = service.dialect.submit, service.address
        return [submit(address, jobs.model, one) for one in jobs.inputs]


def summary(outcome: Outcome) -> Figures:
    """Rates over the whole load, and latencies where the load measured them."""
    figures = {"jobs_per_second": len(outcome.answers) / outcome.seconds}
    if outcome.accepted_seconds:
        figures["accepted_per_second"] = len(outcome.answers) / outcome.accepted_seconds
    named = {"": outcome.latencies, "accept_": outcome.accept_latencies}
    for prefix, latencies in named.items():
        if any(latencies):
            cuts = quantiles(latencies, n=100, method="inclusive")
            figures[f"{prefix}p50_ms"] = cuts[49] * 1000
            figures[f"{prefix}p99_ms"] = cuts[98] * 1000
    return figures
