"""The meter: what a running arm spends while a load runs, per job."""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from loadtests.bench import processes
from loadtests.bench.arms.arm import Pids, Service
from loadtests.bench.redis_counters import Counters, counters

Figures = dict[str, float]

MIB = 1 << 20
MACHINE = "all processes of this machine"


@contextmanager
def metered(service: Service, jobs: int) -> Iterator[Figures]:
    """Fills the figures when the block ends.

    `cpu_ms:NAME` and `cpu_ms` are CPU per job of each kind of process and of all, `client_cpu_ms`
    that of the load generator; `peak_mib:NAME` and `peak_mib` memory at its highest in the block;
    `redis_commands` and `redis_round_trips` are per job; `others_cpu` is the share of this machine
    that went to processes which have no part in this.
    """
    figures: Figures = {}
    pids = service.processes() if processes.are_visible() else {}
    for kind in pids:
        processes.forget_peaks(pids[kind])
    redis_before, before, begun = counters(service.redis_url), _cpu_seconds(pids), time.monotonic()
    mine_before = _own_cpu_seconds()
    yield figures
    mine = _own_cpu_seconds() - mine_before
    after, seconds = _cpu_seconds(pids), time.monotonic() - begun
    figures |= _redis_figures(redis_before, counters(service.redis_url), jobs)
    figures["client_cpu_ms"] = mine * 1000 / jobs
    if pids:
        spent = {name: after[name] - before[name] for name in after}
        others = spent.pop(MACHINE) - sum(spent.values()) - mine
        figures["others_cpu"] = max(0.0, others) / (seconds * (os.cpu_count() or 1))
        figures |= _with_total("cpu_ms", {kind: spent[kind] * 1000 / jobs for kind in spent})
        figures |= _with_total("peak_mib", {kind: _peak_mib(pids[kind]) for kind in pids})


def _cpu_seconds(pids: Pids) -> dict[str, float]:
    """By kind of process, and of the whole machine."""
    if not pids:
        return {}
    found = {kind: processes.usage(pids[kind]).cpu_seconds for kind in pids}
    return {**found, MACHINE: processes.machine_cpu_seconds()}


def _own_cpu_seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def _peak_mib(pids: Sequence[int]) -> float:
    return processes.usage(pids).peak_bytes / MIB


def _with_total(name: str, by_kind: Figures) -> Figures:
    named = {f"{name}:{kind}": value for kind, value in by_kind.items()}
    return {**named, name: sum(by_kind.values())}


def _redis_figures(before: Counters | None, after: Counters | None, jobs: int) -> Figures:
    if before is None or after is None:
        return {}
    return {
        # The second look counts itself and its connection's greeting: under ten commands in all.
        "redis_commands": (after.commands - before.commands) / jobs,
        "redis_round_trips": (after.reads - before.reads) / jobs,
        "redis_mib": after.used_bytes / MIB,
    }
