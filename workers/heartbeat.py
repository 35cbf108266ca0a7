"""The heartbeat of a worker process: as long as it is heard, nobody takes its work."""

import threading

import redis
import structlog

from shared.backlog.consumers import Consumer
from workers.watchdog import Watchdog

log = structlog.get_logger()


class Heartbeat:
    """One thread; a process that was silent too long goes on under a new name."""

    def __init__(self, consumer: Consumer, watchdog: Watchdog, pause_seconds: float) -> None:
        self._consumer = consumer
        self._watchdog = watchdog
        self._pause_seconds = pause_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
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
        while not self._stopped.wait(self._pause_seconds):
            self._beat()

    def _beat(self) -> None:
        try:
            if not self._consumer.beat():
                log.warning("fenced", consumer=self._consumer.name)
                self._watchdog.terminate_all()
                self._consumer.start_anew(crashed=False)
        except redis.RedisError as error:
            log.warning("heartbeat_missed", error=type(error).__name__)
