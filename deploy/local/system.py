"""The whole system on one machine: assembled, started until ready, described, stopped."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.children import Program
from deploy.local.data_dir import DataDir
from deploy.local.embedded_redis import EmbeddedRedis, embedded_redis
from deploy.local.exits import last_line
from deploy.local.given_redis import require_answer
from deploy.local.heartbeats import forget_heartbeats
from deploy.local.listener import listen, url_of
from deploy.local.metrics import MetricsPorts, forget_gauges
from deploy.local.processes import (
    WATCH_TOKEN,
    Sizes,
    database_programs,
    environment,
    flower,
    flower_settings,
    migration,
    worker_programs,
)
from deploy.local.readiness import missing, system_health
from deploy.local.stop_signals import StopSignals
from deploy.local.supervisor import Supervisor
from shared.errors import StartupRefused

REDIS_PATIENCE_SECONDS = 300  # it may load a long append-only file
READY_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. `environment` is the caller's; `durable` keeps Redis data on disk.

    With a `metrics_port` every process serves its own metrics, on that port and those behind it;
    with a `flower_port` there is Flower.
    """

    data_dir: DataDir
    sizes: Sizes
    environment: Mapping[str, str]
    host: str = "127.0.0.1"
    port: int = 0
    models_dirs: tuple[Path, ...] = ()
    durable: bool = True
    metrics_port: int = 0
    flower_port: int = 0


class System:
    """A system that `running_system` opened: nothing runs before `start`."""

    def __init__(
        self,
        wish: Wish,
        listener: socket.socket,
        redis: EmbeddedRedis | None,
        signals: StopSignals,
        say: Callable[[str], None],
    ) -> None:
        self.wish = wish
        self.api_url = url_of(listener)
        self._listener = listener
        self._redis = redis
        self._started_at = time.time()
        self.settings = environment(
            wish.environment,
            wish.data_dir,
            redis_url=redis.url if redis else wish.environment["QUEUECAST_REDIS_URL"],
            database_url=wish.environment.get("QUEUECAST_DATABASE_URL")
            or wish.data_dir.database_url,
            models_dirs=wish.models_dirs,
            sizes=wish.sizes,
        )
        if wish.flower_port:
            self.settings |= flower_settings(self.settings, wish.flower_port)
        self._ports = MetricsPorts(wish.metrics_port)
        self.supervisor = Supervisor(
            signals, say=say, on_death=self._forget, on_change=self._note_running
        )

    def start(self) -> str:
        """Starts everything and waits until it is ready.

        Answers what was still missing when patience ended, empty when nothing was. Raises
        StopRequested, and StartupRefused when it cannot work.
        """
        supervisor, wish = self.supervisor, self.wish
        if self._redis:
            supervisor.start(self._redis.program)
            if not self._comes_true(self._redis.answers, REDIS_PATIENCE_SECONDS, every=0.02):
                raise StartupRefused(
                    f"Redis does not answer: {last_line(wish.data_dir.log('redis'))}"
                )
        for program in worker_programs(self.settings, wish.data_dir, wish.sizes):
            supervisor.start(self._ports.given(program))
        self._migrate()
        fd = self._listener.fileno()
        for program in database_programs(self.settings, wish.data_dir, wish.sizes, fd):
            supervisor.start(self._ports.given(program))
        if wish.flower_port:
            supervisor.start(flower(self.settings, wish.data_dir))
        ready = self._comes_true(self._is_ready, READY_PATIENCE_SECONDS, every=0.1)
        supervisor.ready = True
        self._note_running()
        return "" if ready else missing(self.health())

    def health(self) -> dict[str, Any]:
        """What the API says of the whole system; empty while it says nothing."""
        return system_health(self.api_url, self.settings[WATCH_TOKEN])

    def state(self) -> dict[str, Any]:
        """What run.json holds and `./run status` shows."""
        return {
            "state": "ready" if self.supervisor.ready else "starting",
            "pid": os.getpid(),
            "started_at": self._started_at,
            "api_url": self.api_url,
            "docs_url": f"{self.api_url}/docs",
            "flower_url": self.settings.get("QUEUECAST_FLOWER_URL"),
            "redis_url": self.settings["QUEUECAST_REDIS_URL"],
            "database_url": self.settings["QUEUECAST_DATABASE_URL"],
            "data_dir": str(self.wish.data_dir.path),
            "processes": [watched.state() for watched in self.supervisor.watched],
        }

    def _migrate(self) -> None:
        program = migration(self.settings, self.wish.data_dir)
        if self.supervisor.run_once(program):
            log = self.wish.data_dir.log("migrate")
            raise StartupRefused(f"the database cannot be migrated: {last_line(log)} (log: {log})")

    def _is_ready(self) -> bool:
        return self.health().get("status") == "ok"

    def _comes_true(self, condition: Callable[[], bool], patience: float, *, every: float) -> bool:
        deadline, true = time.monotonic() + patience, False

        def over() -> bool:
            nonlocal true
            true = condition()
            return true or time.monotonic() > deadline

        self.supervisor.watch(over, every)
        return true

    def _forget(self, program: Program, pid: int) -> None:
        if program.role != "redis":
            forget_heartbeats(self.settings, pid)
            forget_gauges(self.wish.data_dir.metrics, pid)

    def _note_running(self) -> None:
        self.wish.data_dir.note_running(self.state())


@contextmanager
def running_system(
    wish: Wish, signals: StopSignals, say: Callable[[str], None]
) -> Iterator[System]:
    """Claims what the system needs; at the end stops every process and leaves no folder behind."""
    with ExitStack() as stack:
        stack.enter_context(wish.data_dir.claimed())
        listener = stack.enter_context(listen(wish.host, wish.port))
        wish.data_dir.prepare()
        redis = None
        if given := wish.environment.get("QUEUECAST_REDIS_URL"):
            require_answer(given)
        else:
            keep = wish.data_dir.redis if wish.durable else None
            log = wish.data_dir.log("redis")
            redis = stack.enter_context(embedded_redis(log, wish.environment, keep))
        system = System(wish, listener, redis, signals, say)
        stack.callback(system.supervisor.stop)
        yield system
