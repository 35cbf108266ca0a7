"""The heartbeat of a worker process: as long as it is heard, nobody takes its work."""

import os
import threading
from collections.abc import Callable

import redis
import structlog

from shared.backlog.consumers import Consumer
from shared.clock import Clock
from workers.alive import AliveFile
from workers.pulse import Canary, Pulse
from workers.watchdog import EXIT_STATUS, Watchdog

log = structlog.get_logger()

ALIVE_SECONDS = 30.0
"""A process that misses its beats for so long is to be replaced."""

LATE_SECONDS = 5.0
"""A beat that comes later than that: the process was stopped, or its machine slept."""


class Heartbeat:
    """One thread; a process that was silent too long goes on under a new name.

    A process that is deaf is silent, and ends: its work is free for others at once. Each beat also
    calls `look`, for what else is to be looked at now and then.
    """

    def __init__(
        self,
        consumer: Consumer,
        watchdog: Watchdog,
        pulse: Pulse,
        canary: Canary,
        clock: Clock,
        *,
        pause_seconds: float,
        alive: AliveFile,
        look: Callable[[], None] = lambda: None,
        exit_process: Callable[[int], None] = os._exit,
    ) -> None:
        self._consumer = consumer
        self._watchdog = watchdog
        self._pulse = pulse
        self._canary = canary
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._alive = alive
        self._look = look
        self._exit = exit_process
        self._stopped = threading.Event()
        self._last_at = clock.monotonic()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._last_at = self._clock.monotonic()
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """Ends the beat and frees what is pending, at once."""
        self._stopped.set()
        self._thread.join()
        try:
            self._consumer.leave()
        except redis.RedisError as error:
            log.warning("left_without_redis", error=type(error).__name__)

    def _run(self) -> None:
        """A beat may fail, for want of memory too: whoever fell silent would seem dead at work."""
        while not self._stopped.wait(self._pause_seconds):
            try:
                self._beat()
            except Exception as error:
                log.error("heartbeat_failed", error=type(error).__name__)

    def _beat(self) -> None:
        before, self._last_at = self._last_at, self._clock.monotonic()
        if self._last_at - before > self._pause_seconds + LATE_SECONDS:
            self._pulse.lost()
        if self._pulse.is_deaf:
            self._give_up()
            return
        try:
            if not self._consumer.beat():
                log.warning("fenced", consumer=self._consumer.name)
                self._watchdog.terminate_all()
                self._consumer.start_anew(crashed=False)
            self._canary.send()
            self._pulse.asked()
        except redis.RedisError as error:
            self._pulse.lost()
            log.warning("heartbeat_missed", error=type(error).__name__)
        self._alive.promise(ALIVE_SECONDS + self._pause_seconds)
        self._look()

    def _give_up(self) -> None:
        log.error("deaf", consumer=self._consumer.name)
        try:
            self._consumer.give_up()
        except redis.RedisError as error:
            log.warning("left_without_redis", error=type(error).__name__)
        self._exit(EXIT_STATUS)
