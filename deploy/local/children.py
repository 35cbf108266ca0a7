"""Child processes that never outlive the launcher."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.paths import ROOT

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Program:
    """One process to run: `role` is what it is for, `name` tells it from others of its role.

    Without a `log` it speaks to the terminal. What `stops_last` is what the others still need
    while they stop. An `alive_file` is renewed by the program while it works (see `workers.alive`).
    """

    name: str
    role: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path | None
    fds: tuple[int, ...] = ()
    stops_last: bool = False
    alive_file: Path | None = None


class Child:
    """A running program, leader of its own session: a terminal's Ctrl-C does not reach it."""

    def __init__(self, program: Program) -> None:
        if program.alive_file:
            program.alive_file.unlink(missing_ok=True)
        with program.log.open("ab") if program.log else contextlib.nullcontext() as log:
            self._process = subprocess.Popen(
                program.command,
                env=dict(program.environment),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=program.fds,
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - the launcher has one thread
            )
        self.pid = self._process.pid
        self.started_at = time.time()
        self._started = time.monotonic()

    @property
    def uptime_seconds(self) -> float:
        return time.monotonic() - self._started

    def exit_code(self) -> int | None:
        """None while it runs; a negative signal number when it was killed."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """SIGTERM to the leader alone: how its own children end is for it to decide."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL to whatever is left of the whole group; comes back when the leader is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def die_with_parent() -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel kills the child when we die, SIGKILL included (Linux only)."""
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def before_exec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return before_exec
