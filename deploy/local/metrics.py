"""Whose metrics stand where: in the API's answer for all, or each process's own at a port."""

from dataclasses import replace
from itertools import count
from pathlib import Path

from deploy.local.children import Program
from deploy.local.processes import METRICS_PORT, SHARED_METRICS


class MetricsPorts:
    """Gives each process a port for its metrics, from `first` on; 0: none gets one."""

    def __init__(self, first: int) -> None:
        self._ports = count(first) if first else None

    def given(self, program: Program) -> Program:
        """The program with a port; then it adds to no sum, so that nothing is counted twice.

        API processes answer for each other, whichever is asked: the first one's port is theirs.
        """
        if self._ports is None or (program.role == "api" and program.name != "api-1"):
            return program
        environment = {**program.environment, METRICS_PORT: str(next(self._ports))}
        if program.role != "api":
            del environment[SHARED_METRICS]
        return replace(program, environment=environment)


def forget_gauges(folder: Path, pid: int) -> None:
    """Takes away what a process told of itself, such as its memory; what it counted stays."""
    for file in folder.glob(f"gauge_live*_{pid}.db"):
        file.unlink(missing_ok=True)
