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
from shared.telemetry import logs
from workers.sweep_steps import Sweep

log = structlog.get_logger()

REST = 4
"""A round that took long is followed by a rest of so many times its length."""


class Sweeper:
    """Sweeps until it is stopped."""

    def __init__(self, container: Container) -> None:
        self._clock = container.clock
        self._pause_seconds = container.settings.sweep_seconds
        self._consumer = Consumer(container.redis, "sweeper", container.settings)
        self._sweep = Sweep(container)
        self._stopped = threading.Event()

    def run(self) -> None:
        """A fault of Redis or SQL ends a round, never the loop."""
        while not self._stopped.is_set():
            begun = self._clock.monotonic()
            self._round()
            took = self._clock.monotonic() - begun
            self._stopped.wait(max(self._pause_seconds, REST * took))
        self._guarded(self._consumer.leave)

    def stop(self) -> None:
        self._stopped.set()

    def _round(self) -> None:
        steps = (
            self._beat,
            self._sweep.rescue_the_lost,
            self._sweep.ring_silent_bells,
            self._sweep.expire,
            self._dispatch_all,
            self._sweep.measure,
        )
        for step in steps:
            if not self._guarded(step):
                return

    def _beat(self) -> None:
        self._consumer.beat()

    def _dispatch_all(self) -> None:
        position = self._sweep.dispatch_missing()
        while position is not None and not self._stopped.is_set():
            position = self._sweep.dispatch_missing(position)

    def _guarded(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except redis.RedisError as error:
            self._sweep.watch.lost()
            log.warning("sweep_without_redis", error=type(error).__name__)
            return False
        except BusyError as error:
            log.warning("sweep_without_sql", reason=error.detail)
            return False
        return True


def main() -> None:
    try:
        settings = Settings()
        logs.configure(settings.log_level)
        registry = Registry.load(settings.models_folders)
        container = Container(settings, {m.name: m.lane for m in registry.models.values()})
        require_current(container.engine)
    except StartupRefused as error:
        sys.exit(f"sweeper: {error.detail}")
    except ValidationError as error:
        names = ", ".join(f"QUEUECAST_{part['loc'][0]}".upper() for part in error.errors())
        sys.exit(f"sweeper: these settings are missing or wrong: {names}")
    sweeper = Sweeper(container)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sweeper.stop())
    sweeper.run()


if __name__ == "__main__":
    main()
