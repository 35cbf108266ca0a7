"""Ends work that runs in threads: what is over its time, and what nobody waits for any more.

Celery's own limits reach neither pool that we use.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from shared.clock import Clock

log = structlog.get_logger()

EXIT_GRACE_SECONDS = 5.0
"""After the request to stop a run has this long; then the process ends, and its work is rescued."""

EXIT_STATUS = 75

LOOK_SECONDS = 0.25

ASK_SECONDS = 0.25
"""Only a run that lasts so long is asked about: most are over before that."""


@dataclass(eq=False, slots=True)
class Limit:
    """One run under a time limit, while it is entered; the last three say why it was stopped.

    `is_wanted` says whether anybody waits for it still; it may ask Redis.
    """

    watchdog: "Watchdog"
    begun: float
    until: float
    terminate: Callable[[], None]
    is_wanted: Callable[[], bool] | None = None
    expired: bool = False
    unwanted: bool = False
    taken_away: bool = False

    def __enter__(self) -> "Limit":
        self.watchdog.begin(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.watchdog.end(self)


class Watchdog:
    """Two threads that look at all runs of the process: the one that ends them must never wait."""

    def __init__(
        self,
        clock: Clock,
        exit_process: Callable[[int], None] = os._exit,
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        """`progress` is told of every run that has ended."""
        self._clock = clock
        self._exit = exit_process
        self._progress = progress
        self._limits: set[Limit] = set()
        self._lock = threading.Lock()

    def start(self, pause_seconds: float = LOOK_SECONDS) -> None:
        for look in (self.look, self.ask):
            repeat = partial(_repeat, look, pause_seconds)
            threading.Thread(target=repeat, name=f"watchdog-{look.__name__}", daemon=True).start()

    def limit(
        self,
        seconds: float,
        terminate: Callable[[], None],
        is_wanted: Callable[[], bool] | None = None,
    ) -> Limit:
        """Around a run: calls `terminate` once `seconds` are over, and ends the process if that
        does not help.

        Calls it also when a run that lasts longer than a moment is not wanted any more.
        """
        begun = self._clock.monotonic()
        return Limit(self, begun, begun + seconds, terminate, is_wanted)

    def begin(self, limit: Limit) -> None:
        with self._lock:
            self._limits.add(limit)

    def end(self, limit: Limit) -> None:
        self._progress()
        with self._lock:
            self._limits.discard(limit)

    @property
    def is_busy(self) -> bool:
        """Whether anything runs under a limit now."""
        return bool(self._limits)

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

    def ask(self) -> None:
        """Stops what nobody waits for any more."""
        now = self._clock.monotonic()
        with self._lock:
            lasting = [one for one in self._limits if now - one.begun >= ASK_SECONDS]
        for limit in lasting:
            if limit.is_wanted and not limit.unwanted and not limit.is_wanted():
                limit.unwanted = True
                limit.terminate()

    def terminate_all(self) -> None:
        """Stops every run: its work was taken away."""
        with self._lock:
            limits = list(self._limits)
        for limit in limits:
            limit.taken_away = True
            limit.terminate()


def _repeat(look: Callable[[], None], pause_seconds: float) -> None:
    """For ever: a fault of one look must not be the end of the watch."""
    while True:
        threading.Event().wait(pause_seconds)
        try:
            look()
        except Exception:
            log.exception("watch_failed")
