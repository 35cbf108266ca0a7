"""Ends that SQL holds and Redis could not be told: told again until it hears."""

import threading
from collections import deque
from collections.abc import Mapping

import redis
import structlog

from shared.backlog.backlogs import Backlogs
from shared.domain.prediction import Snapshot

log = structlog.get_logger()

PAUSE_SECONDS = 1.0

MOST = 10_000
"""More are forgotten: then a look says what Redis knew, until a worker has taken the job."""


class ShownLater:
    """What one process still owes to Redis; its thread lives as long as there is anything."""

    def __init__(self, backlogs: Backlogs, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._backlogs = backlogs
        self._pause_seconds = pause_seconds
        self._owed: deque[tuple[Snapshot, Mapping[str, str]]] = deque()
        self._lock = threading.Lock()
        self._running = False

    def add(self, snapshot: Snapshot, hashes: Mapping[str, str]) -> None:
        """A terminal snapshot, with its input hash as for `Backlogs.finish`."""
        with self._lock:
            if len(self._owed) < MOST:
                self._owed.append((snapshot, hashes))
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="shown-later", daemon=True).start()

    def _run(self) -> None:
        while True:
            threading.Event().wait(self._pause_seconds)
            if self._show_all():
                return

    def _show_all(self) -> bool:
        """In their order; False where Redis does not take one yet."""
        while True:
            with self._lock:
                if not self._owed:
                    self._running = False
                    return True
                snapshot, hashes = self._owed[0]
            try:
                self._backlogs.leave([snapshot], hashes)
            except redis.RedisError:
                return False
            except Exception:  # one that cannot be shown must not keep the others
                log.exception("not_shown", job_id=snapshot["id"])
            else:
                log.info("shown_later", job_id=snapshot["id"])
            with self._lock:
                self._owed.popleft()
