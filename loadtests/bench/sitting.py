"""A sitting: one start of an arm, in which no input is used twice unless that is the question."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import quantiles

from loadtests.bench import loads
from loadtests.bench.answers import require_equal
from loadtests.bench.arms.arm import Dialect, Service
from loadtests.bench.arms.bare_loop import BareLoop
from loadtests.bench.jobs import Jobs, Kind, Supply
from loadtests.bench.loads import Outcome
from loadtests.bench.meter import Figures, metered

Load = Callable[[Service, Sequence[bytes]], Outcome]


WARM_UP_JOBS = 64
WARM_UP_CONNECTIONS = 16


class Sitting:
    def __init__(self, arm: str, ready: Service | BareLoop, supply: Supply) -> None:
        self.arm = arm
        self._ready = ready
        self._supply = supply
        self._used: dict[str, int] = {}

    @property
    def service(self) -> Service:
        if isinstance(self._ready, BareLoop):
            raise TypeError("a bare loop is no service")
        return self._ready

    def jobs(self, kind: Kind, count: int) -> Jobs:
        """Jobs that this start has not seen."""
        first = self._used.get(kind.name, 0)
        self._used[kind.name] = first + count
        return self._supply.jobs(kind, first, count)

    def share_of(self, count: int) -> int:
        """How many of a scenario's jobs this arm gets."""
        return max(1, round(count * self._ready.share))

    def worker_pids(self) -> list[int]:
        pids = self.service.processes()
        return [pid for kind in self.service.workers for pid in pids[kind]]

    def measure(
        self,
        jobs: Jobs,
        load: Load,
        *,
        dialect: Dialect | None = None,
        also: Callable[[Outcome], Figures] = lambda _: {},
    ) -> Figures:
        """Runs the load, checks every result against the direct answer, and sums up.

        `also` finds more figures in what came back. A bare loop takes the jobs as fast as it can.
        """
        if isinstance(self._ready, BareLoop):
            outputs, figures = self._ready.run(jobs)
            require_equal(outputs, jobs.expected)
            return figures
        service = replace(self.service, dialect=dialect) if dialect else self.service
        address, ways = service.address, service.dialect
        submits = [ways.submit(address, jobs.model, one) for one in jobs.inputs]
        gc.collect()
        with metered(service, len(jobs)) as figures:
            outcome = load(service, submits)
        require_equal([ways.output(one) for one in outcome.answers], jobs.expected)
        return summary(outcome) | figures | also(outcome)

    def warm_up(self, kind: Kind) -> None:
        """Code paths, sessions and connections of every process are warm when a clock starts."""
        if isinstance(self._ready, Service):
            jobs = self.jobs(kind, WARM_UP_JOBS)
            self.measure(jobs, partial(loads.closed_loop, connections=WARM_UP_CONNECTIONS))


def summary(outcome: Outcome) -> Figures:
    """Rates over the whole load, and latencies where the load measured them."""
    figures = {"jobs_per_second": len(outcome.answers) / outcome.seconds}
    if outcome.accepted_seconds:
        figures["accepted_per_second"] = len(outcome.answers) / outcome.accepted_seconds
    named = {"": outcome.latencies, "accept_": outcome.accept_latencies}
    for prefix, latencies in named.items():
        if any(latencies):
            figures |= percentiles(latencies, prefix)
    return figures


def percentiles(seconds: Sequence[float], prefix: str = "") -> Figures:
    """In milliseconds: `p50_ms` and `p99_ms`, behind the prefix."""
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {f"{prefix}p50_ms": cuts[49] * 1000, f"{prefix}p99_ms": cuts[98] * 1000}
