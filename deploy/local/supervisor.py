"""Keeps programs running: starts, restarts with a growing pause, stops in order."""

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.local.children import Child, Program
from deploy.local.exits import describe_exit
from deploy.local.stop_signals import StopRequested, StopSignals
from shared.errors import StartupRefused
from workers.alive import is_alive


@dataclass(frozen=True, slots=True)
class Timing:
    """The pause before a restart doubles from first to longest, and starts over once steady.

    Who comes so late to look that it must have stood still itself, as when all of a container is
    paused, gives the others `thaw_seconds` to be heard of again.
    """

    first_pause_seconds: float = 1
    longest_pause_seconds: float = 15
    steady_seconds: float = 60
    grace_seconds: float = 25
    deaths_before_ready: int = 3
    look_seconds: float = 2
    thaw_seconds: float = 15


@dataclass(slots=True)
class Watched:
    """One program and its present child; `restart_at` (monotonic) counts while there is none."""

    program: Program
    pause_seconds: float
    child: Child | None = None
    restarts: int = 0
    restart_at: float = 0

    def state(self) -> dict[str, Any]:
        """For run.json; `pid` and `started_at` (seconds since 1970) are null while it is down."""
        return {
            "name": self.program.name,
            "role": self.program.role,
            "pid": self.child.pid if self.child else None,
            "started_at": self.child.started_at if self.child else None,
            "restarts": self.restarts,
            "log": str(self.program.log),
            "metrics_port": int(self.program.environment.get("QUEUECAST_METRICS_PORT", 0)) or None,
        }


class Supervisor:
    """Owns the children. `stop` must be called, whatever happened before."""

    def __init__(
        self,
        signals: StopSignals,
        *,
        say: Callable[[str], None],
        on_death: Callable[[Program, int], None] = lambda program, pid: None,
        on_change: Callable[[], None] = lambda: None,
        timing: Timing | None = None,
    ) -> None:
        self.watched: list[Watched] = []
        self.ready = False
        self._signals = signals
        self._say = say
        self._on_death = on_death
        self._on_change = on_change
        self._timing = timing or Timing()
        self._looked_at = self._patient_until = time.monotonic()

    def start(self, program: Program) -> None:
        """Starts a program and keeps it running from now on."""
        watched = Watched(program, self._timing.first_pause_seconds)
        watched.child = Child(program)
        self.watched.append(watched)
        self._on_change()

    def watch(
        self, until: Callable[[], bool] = lambda: False, every_seconds: float | None = None
    ) -> None:
        """Keeps everything running until `until` holds, asked at every change and period.

        Raises StopRequested after a stop signal, StartupRefused when a program keeps dying before
        `ready` was set.
        """
        while True:
            if self._signals.count:
                raise StopRequested
            self._note_the_time()
            for watched in self.watched:
                self._look_after(watched)
            if until():
                return
            self._signals.wait(self._until_next_restart(every_seconds))

    def run_once(self, program: Program) -> int:
        """Runs a program to its end, with the others kept running, and answers its exit code."""
        child = Child(program)
        try:
            self.watch(lambda: child.exit_code() is not None)
        finally:
            self._end([child])
        return child.exit_code() or 0

    def stop(self) -> None:
        """SIGTERM to all, SIGKILL after the grace; another stop signal kills at once."""
        watched, self.watched = self.watched, []
        try:
            self._end([w.child for w in watched if w.child and not w.program.stops_last])
        finally:
            self._end([w.child for w in watched if w.child and w.program.stops_last])

    def _note_the_time(self) -> None:
        before, self._looked_at = self._looked_at, time.monotonic()
        if self._looked_at - before > self._timing.thaw_seconds:
            self._patient_until = self._looked_at + self._timing.thaw_seconds

    def _look_after(self, watched: Watched) -> None:
        now = time.monotonic()
        if watched.child is None:
            if now >= watched.restart_at:
                watched.child = Child(watched.program)
                watched.restarts += 1
                self._on_change()
        elif (code := watched.child.exit_code()) is not None:
            self._bury(watched, watched.child, code)
        elif now >= self._patient_until and _is_stuck(watched.program):
            self._say(f"{watched.program.name} (pid {watched.child.pid}) does nothing any more")
            watched.child.kill()
            self._bury(watched, watched.child, -signal.SIGKILL)

    def _bury(self, watched: Watched, child: Child, code: int) -> None:
        child.kill()  # what it started itself may still run
        if child.uptime_seconds >= self._timing.steady_seconds:
            watched.pause_seconds = self._timing.first_pause_seconds
        pause, name = watched.pause_seconds, watched.program.name
        reason = describe_exit(code, watched.program.log)
        watched.child, watched.restart_at = None, time.monotonic() + pause
        watched.pause_seconds = min(pause * 2, self._timing.longest_pause_seconds)
        if not self.ready and watched.restarts + 1 >= self._timing.deaths_before_ready:
            raise StartupRefused(f"{name} does not start: it {reason} (log: {watched.program.log})")
        self._say(f"{name} (pid {child.pid}) {reason}; starting it again in {pause:g} s")
        self._on_death(watched.program, child.pid)
        self._on_change()

    def _until_next_restart(self, every_seconds: float | None) -> float | None:
        due = [w.restart_at for w in self.watched if w.child is None]
        pauses = [max(0.0, at - time.monotonic()) for at in due]
        if any(watched.program.alive_file for watched in self.watched):
            pauses.append(self._timing.look_seconds)
        return min([*pauses, *([] if every_seconds is None else [every_seconds])], default=None)

    def _end(self, children: Sequence[Child]) -> None:
        asked = self._signals.count
        deadline = time.monotonic() + self._timing.grace_seconds
        try:
            for child in children:
                child.ask_to_stop()
            while any(child.exit_code() is None for child in children):
                left = deadline - time.monotonic()
                if left <= 0 or self._signals.count > asked:
                    break
                self._signals.wait(left)
        finally:
            for child in children:
                child.kill()


def _is_stuck(program: Program) -> bool:
    """Whether it has not renewed its promise; one that has made none yet is only starting."""
    return program.alive_file is not None and is_alive(program.alive_file) is False
