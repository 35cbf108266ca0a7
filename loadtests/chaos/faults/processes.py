"""What may happen to a process: killed, held still, asked to stop."""

import os
import signal
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from functools import partial

from loadtests.bench.processes import held, tree
from loadtests.chaos.faults.fault import Fault, Scene

ZOMBIE_SECONDS = 17.0
"""Longer than a heartbeat counts: others take its work meanwhile."""


def kill(scene: Scene, role: str) -> None:
    """`kill -9`, with all that it has started."""
    if (pid := scene.one_of(role)) is not None:
        for member in tree([pid]):
            send(member, signal.SIGKILL)


def stop(scene: Scene, role: str) -> None:
    """Asked to stop, as for a new release."""
    if (pid := scene.one_of(role)) is not None:
        send(pid, signal.SIGTERM)


def hold(scene: Scene, role: str, least: float = 1.0, most: float = 6.0) -> None:
    """Stands still for a while, as on a machine that is overcommitted."""
    if (pid := scene.one_of(role)) is not None:
        with still([pid]):
            scene.last(least, most)


def hold_then_kill(scene: Scene, role: str) -> None:
    """What is rung meanwhile is lost with the process that has popped it."""
    if (pid := scene.one_of(role)) is not None:
        with still([pid]):
            scene.last(0.5, 1.5)
            send(pid, signal.SIGKILL)


def send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def still(pids: Iterable[int]) -> AbstractContextManager[object]:
    """The processes and all they have started; those that end meanwhile do not matter."""
    return held(tree(list(pids)))


def faults(roles: Iterable[str], workers: Iterable[str]) -> list[Fault]:
    """Of each kind of process; `workers` are those that run jobs."""
    found = []
    for role in roles:
        found.append(Fault(f"{role} killed", partial(kill, role=role), 3, "killed process"))
        found.append(Fault(f"{role} asked to stop", partial(stop, role=role), 1))
        found.append(Fault(f"{role} held still", partial(hold, role=role), 1))
    for role in workers:
        zombie = partial(hold, role=role, least=ZOMBIE_SECONDS, most=ZOMBIE_SECONDS + 3)
        found.append(Fault(f"{role} held beyond its heartbeat", zombie, 1))
        lost = partial(hold_then_kill, role=role)
        found.append(Fault(f"{role} held, then killed", lost, 1, "bell lost"))
    return found
