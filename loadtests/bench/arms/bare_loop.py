"""The arm that is no system: a bare onnxruntime loop in processes of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.baselines import bare_loop
from loadtests.bench.jobs import Jobs
from loadtests.bench.meter import Figures
from workers.cores import available_cores


@dataclass(frozen=True)
class BareLoop:
    """Tries one process with a thread per core and a process per core; the faster one counts."""

    models_dirs: tuple[Path, ...]
    name: str = "onnxruntime"
    share: float = 1.0

    def run(self, jobs: Jobs) -> tuple[list[Any], Figures]:
        """The outputs, and the figures of the faster way."""
        cores = available_cores()
        ways = {"threads": (1, cores), "processes": (cores, 1)}
        found = {
            way: bare_loop.run(
                bare_loop.Part(self.models_dirs, jobs.model, jobs.inputs, threads), processes
            )
            for way, (processes, threads) in ways.items()
        }
        best = min(found.values(), key=lambda one: one.seconds)
        rates = {
            f"jobs_per_second:{way}": len(jobs) / looped.seconds for way, looped in found.items()
        }
        return best.outputs, {
            "jobs_per_second": len(jobs) / best.seconds,
            "cpu_ms": best.cpu_seconds * 1000 / len(jobs),
            **rates,
        }
