"""The meter: what a running arm spends while a load runs, per job."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from loadtests.bench import processes
from loadtests.bench.arms.arm import Service
from loadtests.bench.redis_counters import Counters, counters

Figures = dict[str, float]

MIB = 1 << 20


@contextmanager
def metered(service: Service, jobs: int) -> Iterator[Figures]:
    """Fills the figures when the block ends.

    `cpu_ms:NAME` and `cpu_ms` are CPU per job of each kind of process and of all, `client_cpu_ms`
    that of the load generator; `peak_mib:NAME` and `peak_mib` memory at its highest in the block;
    `redis_commands` and `redis_round_trips` are per job.
    """
    figures: Figures = {}
    pids = service.processes() if processes.are_visible() else {}
    for kind in pids:
        processes.forget_peaks(pids[kind])
    before = {kind: processes.usage(found).cpu_seconds for kind, found in pids.items()}
    redis_before, mine_before = counters(service.redis_url), _own_cpu_seconds()
    yield figures
    figures["client_cpu_ms"] = (_own_cpu_seconds() - mine_before) * 1000 / jobs
    figures |= _redis_figures(redis_before, counters(service.redis_url), jobs)
    after = {kind: processes.usage(found) for kind, found in pids.items()}
    for kind, spent in after.items():
        figures[f"cpu_ms:{kind}"] = (spent.cpu_seconds - before[kind]) * 1000 / jobs
        figures[f"peak_mib:{kind}"] = spent.peak_bytes / MIB
    for total in ("cpu_ms", "peak_mib") if pids else ():
        figures[total] = sum(figures[f"{total}:{kind}"] for kind in pids)


def _own_cpu_seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def _redis_figures(before: Counters | None, after: Counters | None, jobs: int) -> Figures:
    if before is None or after is None:
        return {}
    return {
        # The second look counts itself and its connection's greeting: under ten commands in all.
        "redis_commands": (after.commands - before.commands) / jobs,
        "redis_round_trips": (after.reads - before.reads) / jobs,
        "redis_mib": after.used_bytes / MIB,
    }
