"""A Redis server of our own, which may be killed, held, emptied and robbed of its last second."""

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import redis

from deploy.local.children import Child
from deploy.local.embedded_redis import EmbeddedRedis, embedded_redis

ANSWER_SECONDS = 30.0


class RedisServer:
    """Its data is an append-only file in `folder`, synced every second, as an operator has it.

    Any thread may use it. `starter` has one thread of its own: a child dies with the thread that
    started it, and those that inflict faults come and go.
    """

    def __init__(self, server: EmbeddedRedis, folder: Path, starter: Executor) -> None:
        self._server = server
        self._folder = folder
        self._starter = starter
        self.start()

    @property
    def socket_path(self) -> str:
        return str(self._server.address)

    @property
    def url(self) -> str:
        """Past the proxy."""
        return self._server.url

    @property
    def pid(self) -> int:
        return self._child.pid

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self._server.url, socket_timeout=10)

    def kill(self) -> None:
        self._child.kill()

    def start(self) -> None:
        """Again, over what its folder holds; comes back when it answers."""
        self._child = self._starter.submit(Child, self._server.program).result()
        self._until_it_answers()

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGCONT)  # held still, it could not be asked
        self._child.kill()

    def forget(self) -> None:
        """Takes its data away, while it is down."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()

    def cut_off(self, share: float) -> None:
        """Takes the end of its append-only file away, while it is down: an old one."""
        for file in self._folder.rglob("*.incr.aof"):
            os.truncate(file, int(file.stat().st_size * (1 - share)))

    def written(self) -> dict[Path, int]:
        """How long its append-only files are by now."""
        return {file: file.stat().st_size for file in self._folder.rglob("*.incr.aof")}

    def cut_back(self, before: Mapping[Path, int]) -> None:
        """Takes away what was `written` since, while it is down; a file that is new stays."""
        for file, size in before.items():
            if file.exists():
                os.truncate(file, size)

    def _until_it_answers(self) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while not self._server.answers():
            if time.monotonic() > deadline:
                raise TimeoutError("Redis does not answer")
            time.sleep(0.02)


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    data = folder / "redis"
    data.mkdir(parents=True)
    with (
        embedded_redis(folder / "redis.log", os.environ, data) as program,
        ThreadPoolExecutor(1) as starter,
    ):
        server = RedisServer(program, data, starter)
        try:
            yield server
        finally:
            server.stop()
