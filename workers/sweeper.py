"""The sweeper: finds what was lost. `python -m workers.sweeper`: a plain loop, no Celery task.

Any number may run side by side: every step is a compare-and-set.
"""

import signal
import sys
import threading
from collections.abc import Callable

import redis
import structlog
from pydantic import ValidationError

from models.registry import Registry
from shared.backlog.consumers import Consumer
from shared.container import Container
from shared.db.revision import require_current
from shared.errors import BusyError, StartupRefused
from shared.settings import Settings
from shared.telemetry import exposition, logs, vital_signs
from workers.accuracy_watch import AccuracyWatch
from workers.alive import AliveFile
from workers.audit import Audit
from workers.expired_files import ExpiredFiles
from workers.leaderless import Leaderless
from workers.left_behind import LeftBehind
from workers.orphans import Orphans
from workers.outbox_watch import OutboxWatch
from workers.retention import Retention
from workers.sweep_steps import Sweep

log = structlog.get_logger()

REST = 4
"""A round that found nothing to do is followed by a rest of so many times its length.

Not one in which a step failed: it was long because it waited, and hides what there is to do.
"""

DISPATCH_SECONDS = 1.0
"""So long a round looks for missing jobs; the next one goes on where it stopped."""

EXPIRE_SECONDS = 1.0
"""So long a round ends jobs whose deadline has passed; the next one goes on."""


STUCK_SECONDS = 60.0
"""No step takes so long: whoever watches this process may replace it then."""


class Sweeper:
    """Sweeps until it is stopped."""

    def __init__(self, container: Container) -> None:
        self._clock = container.clock
        self._pause_seconds = container.settings.sweep_seconds
        self._beat_seconds = container.settings.heartbeat_seconds
        self._consumer = Consumer(container.redis, "sweeper", container.settings)
        self._alive = AliveFile(container.settings.alive_file)
        self._sweep = Sweep(container)
        self._audit = Audit(container)
        self._leaderless = Leaderless(container)
        self._left_behind = LeftBehind(container)
        self._orphans = Orphans(container)
        self._expired_files = ExpiredFiles(container)
        self._retention = Retention(container)
        self._outbox = OutboxWatch(container)
        self._accuracy = AccuracyWatch(container)
        self._stopped = threading.Event()
        self._position: str | None = None
        self._beating = False
        self._found = False

    def run(self) -> None:
        """A fault of Redis or SQL ends a step, never the loop."""
        while not self._stopped.is_set():
            begun = self._clock.monotonic()
            soon = self._round()
            took = self._clock.monotonic() - begun
            self._guarded(self._retention.run)  # bounds itself, and is no reason for a longer rest
            self._rest(self._pause_seconds if soon else max(self._pause_seconds, REST * took))
        self._guarded(self._consumer.leave)

    def stop(self) -> None:
        self._stopped.set()

    def _rest(self, seconds: float) -> None:
        """However long, it is heard of: a heartbeat that expired in a rest would tell the next
        round that time had passed everybody by, and no dead worker would ever be believed dead.
        """
        left = seconds
        while left > 0 and not self._stopped.wait(min(left, self._beat_seconds)):
            left -= self._beat_seconds
            if left > 0:
                self._guarded(self._beat)

    def _round(self) -> bool:
        """Each step once, whatever became of the others; answers whether the next is to come soon.

        So it is when jobs were missing, or when nobody knows: a step has failed.
        """
        self._found = False
        steps = (
            self._beat,
            self._sweep.rescue_the_lost,
            self._sweep.ring_silent_bells,
            self._expire,
            self._left_behind.run,
            self._audit.run,
            self._leaderless.run,
            self._dispatch_missing,
            self._outbox.run,
            self._orphans.run,
            self._expired_files.run,
            self._accuracy.run,
        )
        went_well = [self._guarded(step) for step in steps]
        if all(went_well):
            self._guarded(self._sweep.measure)
        return self._found or not all(went_well)

    def _beat(self) -> None:
        """When our own heartbeat has expired time passed us by, and the workers perhaps too."""
        if self._beating and not self._consumer.is_alive():
            self._sweep.watch.lost()
        self._consumer.beat()
        self._beating = True

    def _expire(self) -> None:
        until = self._clock.monotonic() + EXPIRE_SECONDS
        while self._sweep.expire() and self._clock.monotonic() < until:
            if self._stopped.is_set():
                return

    def _dispatch_missing(self) -> None:
        until = self._clock.monotonic() + DISPATCH_SECONDS
        while not self._stopped.is_set():
            looked = self._sweep.dispatch_missing(self._position)
            self._position = looked.next_id
            self._found = self._found or looked.missing > 0
            if looked.next_id is None or self._clock.monotonic() > until:
                return

    def _guarded(self, step: Callable[[], None]) -> bool:
        self._alive.promise(STUCK_SECONDS)
        try:
            step()
        except redis.OutOfMemoryError as error:  # no outage: it still takes heartbeats
            log.warning("sweep_in_full_redis", error=type(error).__name__)
            return False
        except redis.RedisError as error:
            self._sweep.watch.lost()
            log.warning("sweep_without_redis", error=type(error).__name__)
            return False
        except BusyError as error:
            log.warning("sweep_without_sql", reason=error.detail)
            return False
        except Exception:  # whatever it is, the lost of all others must still be found
            log.exception("sweep_step_failed")
            return False
        return True


def main() -> None:
    try:
        settings = Settings()
        logs.configure(settings)
        registry = Registry.load(settings.models_folders)
        container = Container(settings, registry.served)
        require_current(container.engine)
        company = container.company("sweeper", registry.fingerprint, with_sql=True)
        company.join()
        sweeper = Sweeper(container)
        exposition.serve(settings)
    except (StartupRefused, BusyError) as error:
        sys.exit(f"sweeper: {error.detail}")
    except ValidationError as error:
        names = ", ".join(f"QUEUECAST_{part['loc'][0]}".upper() for part in error.errors())
        sys.exit(f"sweeper: these settings are missing or wrong: {names}")
    vital_signs.tell("sweeper")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sweeper.stop())
    sweeper.run()
    company.leave()


if __name__ == "__main__":
    main()
