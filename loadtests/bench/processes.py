"""What processes cost, read from /proc: CPU seconds and peak memory, children included.

And holding processes still for a while.

Where there is no /proc (macOS) nothing is found, and the figures are left out.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process tree: CPU since its start, memory at its highest since `forget_peaks`."""

    cpu_seconds: float
    peak_bytes: int


def are_visible() -> bool:
    return PROC.is_dir()


def usage(pids: Sequence[int]) -> Usage:
    """The sum over the trees below `pids`; processes that are gone count as their parents say."""
    members = tree(pids)
    return Usage(sum(map(_cpu_seconds, members)), sum(map(_peak_bytes, members)))


def machine_cpu_seconds() -> float:
    """What all processes of this machine have used, whoever's they are."""
    user, nice, system, _idle, _waiting, irq, soft_irq, *_ = map(
        int, (PROC / "stat").read_text().partition("\n")[0].split()[1:]
    )
    return (user + nice + system + irq + soft_irq) / TICKS_PER_SECOND


def forget_peaks(pids: Sequence[int]) -> None:
    """From now on `peak_bytes` is the highest since now."""
    for pid in tree(pids):
        with contextlib.suppress(OSError):
            (PROC / str(pid) / "clear_refs").write_text("5")


@contextmanager
def held(pids: Iterable[int]) -> Iterator[Callable[[], None]]:
    """The processes stand still until the yielded function is called, at the latest at the end."""

    def let_go() -> None:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    found = list(pids)
    try:
        for pid in found:
            os.kill(pid, signal.SIGSTOP)
        yield let_go
    finally:
        let_go()


def age_seconds(pid: int) -> float:
    """How long ago it was started; 0 when it is gone."""
    fields = _stat(pid)
    if not fields:
        return 0.0
    uptime = float((PROC / "uptime").read_text().split()[0])
    return uptime - int(fields[19]) / TICKS_PER_SECOND


def tree(pids: Sequence[int]) -> list[int]:
    """These and all that they have started, and those in turn."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found, todo = [], list(pids)
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, ())
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            yield int(folder.name), int(fields[1])


def _stat(pid: int) -> list[str]:
    """The fields behind the name, which may hold spaces: state, parent, …; empty when gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _cpu_seconds(pid: int) -> float:
    """User and system time, its own and that of children that ended."""
    fields = _stat(pid)
    return sum(map(int, fields[11:15])) / TICKS_PER_SECOND if fields else 0.0


def _peak_bytes(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
