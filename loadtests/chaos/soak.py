"""Whether anything grows: memory and open files of each process, looked at all through a run."""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression

from loadtests.bench.processes import PROC, tree
from loadtests.chaos.victims.victim import Victim

PAUSE_SECONDS = 5.0
WARM_UP = 0.25
"""So much of a run is left out: caches fill, allocators find their size."""

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """Of one process with all it has started, `at` so many seconds after the first."""

    process: str
    at: float
    resident_mib: float
    open_files: int


@dataclass(frozen=True, slots=True)
class Growth:
    """Of one process, after the warm-up: first and last figure, slope of a straight line."""

    resident_mib: tuple[float, float]
    resident_mib_an_hour: float
    open_files: tuple[int, int]
    open_files_an_hour: float
    samples: int


class Sampler:
    """Looks every few seconds until the event is set."""

    def __init__(self, victim: Victim, until: threading.Event) -> None:
        self.samples: list[Sample] = []
        self._victim = victim
        self._until = until

    def run(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        begun = time.monotonic()
        while not self._until.wait(pause_seconds):
            at = time.monotonic() - begun
            roles = {**self._victim.roles(), "redis": [self._victim.servers.redis.pid]}
            for role, pids in roles.items():
                self.samples += [_sample(f"{role} {pid}", pid, at) for pid in pids]


def growth(samples: Sequence[Sample]) -> dict[str, Growth]:
    """By process, of those that were seen often enough."""
    warm = WARM_UP * max((one.at for one in samples), default=0.0)
    by_process: defaultdict[str, list[Sample]] = defaultdict(list)
    for one in samples:
        if one.at >= warm:
            by_process[one.process].append(one)
    return {name: _growth(those) for name, those in by_process.items() if len(those) > 2}


def _growth(samples: Sequence[Sample]) -> Growth:
    hours = [one.at / 3600 for one in samples]
    resident = [one.resident_mib for one in samples]
    files = [one.open_files for one in samples]
    return Growth(
        (resident[0], resident[-1]),
        linear_regression(hours, resident).slope,
        (files[0], files[-1]),
        linear_regression(hours, files).slope,
        len(samples),
    )


def _sample(name: str, pid: int, at: float) -> Sample:
    members = tree([pid])
    return Sample(name, at, sum(map(_resident, members)) / MIB, sum(map(_files, members)))


def _resident(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0)


def _files(pid: int) -> int:
    try:
        return sum(1 for _ in (PROC / str(pid) / "fd").iterdir())
    except OSError:
        return 0
