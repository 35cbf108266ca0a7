"""Time limits for work that runs in threads: Celery's own reach neither pool that we use."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from shared.clock import Clock

log = structlog.get_logger()

EXIT_GRACE_SECONDS = 5.0
"""After the request to stop a run has this long; then the process ends, and its work is rescued."""

EXIT_STATUS = 75


@dataclass(eq=False, slots=True)
class Limit:
    """One run under a time limit; `expired` and `taken_away` tell the runner why it was stopped."""

    until: float
    terminate: Callable[[], None]
    expired: bool = False
    taken_away: bool = False


class Watchdog:
    """One thread that looks at all runs of the process."""

    def __init__(self, clock: Clock, exit_process: Callable[[int], None] = os._exit) -> None:
        self._clock = clock
        self._exit = exit_process
        self._limits: set[Limit] = set()
        self._lock = threading.Lock()

    def start(self, pause_seconds: float = 0.25) -> None:
        def watch() -> None:
            while True:
                threading.Event().wait(pause_seconds)
                self.look()

        threading.Thread(target=watch, name="watchdog", daemon=True).start()

    @contextmanager
    def limit(self, seconds: float, terminate: Callable[[], None]) -> Iterator[Limit]:
        """Calls `terminate` once `seconds` are over, and ends the process if that does not help."""
        limit = Limit(self._clock.monotonic() + seconds, terminate)
        with self._lock:
            self._limits.add(limit)
        try:
            yield limit
        finally:
            with self._lock:
                self._limits.discard(limit)

    def look(self) -> None:
        """Stops what has run too long."""
        now = self._clock.monotonic()
        with self._lock:
            limits = list(self._limits)
        for limit in limits:
            if now >= limit.until + EXIT_GRACE_SECONDS:
                log.error("run_did_not_stop", over_seconds=round(now - limit.until, 1))
                self._exit(EXIT_STATUS)
            elif now >= limit.until and not limit.expired:
                limit.expired = True
                limit.terminate()

    def terminate_all(self) -> None:
        """Stops every run: its work was taken away."""
        with self._lock:
            limits = list(self._limits)
        for limit in limits:
            limit.taken_away = True
            limit.terminate()
