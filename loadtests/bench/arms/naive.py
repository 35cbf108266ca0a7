"""The naive arm: the build of an honest afternoon, in `loadtests/baselines/naive/`.

FastAPI, `chain(preprocess, predict)`, a Redis result backend, the prefork pool, events on. Its
Valkey is the same server on the same kind of socket as ours, without an append-only file. Its
sessions have one thread, since the pool has a process per core.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from deploy.local.embedded_redis import embedded_redis
from deploy.local.paths import ROOT
from loadtests.bench.arms import programs
from loadtests.bench.arms.arm import POLL_SECONDS, POLLING, Service
from loadtests.bench.errors import ArmFailed
from loadtests.bench.http_client import Address, Answer, request

MODULE = "loadtests.baselines.naive"
SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Polling:
    """Submit, then look every `pause_seconds`: there is no other way to wait.

    Of pauses from 10 to 400 ms, 200 was the fastest over 64 connections: 167 jobs/s against 137 at
    10 ms and 133 at 400 ms. More looks cost its API more than an earlier answer brings.
    """

    pause_seconds: float = 0.2

    def submit(self, address: Address, model: str, input: bytes) -> bytes:
        return request(address, "POST", f"/predictions/{model}", input)

    def fetch(self, address: Address, job_id: str) -> bytes:
        return request(address, "GET", f"/predictions/{job_id}")

    def job_id(self, answer: Answer) -> str:
        if answer.status != 202:
            raise ArmFailed(f"{answer.status}: {answer.body[:300]!r}")
        return str(orjson.loads(answer.body)["id"])

    def is_done(self, answer: Answer) -> bool:
        return b'"status":"PENDING"' not in answer.body

    def output(self, answer: Answer) -> Any:
        found = orjson.loads(answer.body)
        if found.get("status") != "SUCCESS":
            raise ArmFailed(f"{answer.status}: {answer.body[:300]!r}")
        return found["output"]


@dataclass(frozen=True)
class Naive:
    """With `rows` it also writes a SQL row per job."""

    name: str = "naive"
    rows: bool = False
    api_processes: int = 1
    models_dirs: tuple[Path, ...] = ()
    dialect: Polling = Polling()

    @contextmanager
    def running(self, folder: Path) -> Iterator[Service]:
        address = programs.free_address()
        with ExitStack() as stack:
            redis = stack.enter_context(embedded_redis(folder / "redis.log", os.environ, None))
            server = stack.enter_context(programs.running(redis.program))
            programs.until(redis.answers, server, folder / "redis.log")
            environment = self._environment(folder, redis.url)
            log = folder / "worker.log"
            worker = programs.python("worker", *WORKER, log=log, environment=environment)
            pool = stack.enter_context(programs.running(worker))
            log = folder / "api.log"
            api = programs.python("api", *self._api(address), log=log, environment=environment)
            door = stack.enter_context(programs.running(api))
            programs.until(lambda: programs.listens(address), door, log)
            pids = {"redis": [server.pid], "worker": [pool.pid], "api": [door.pid]}
            patient = {POLLING: Polling(POLL_SECONDS)}
            yield Service(address, self.dialect, lambda: pids, patient, redis.url, share=SHARE)

    def _environment(self, folder: Path, redis_url: str) -> dict[str, str]:
        rows = {"NAIVE_DATABASE_URL": f"sqlite:///{folder}/naive.db"} if self.rows else {}
        return {
            **os.environ,
            **rows,
            "PYTHONPATH": str(ROOT),
            "NAIVE_REDIS_URL": redis_url.replace("unix://", "redis+socket://"),
            "NAIVE_MODELS_DIRS": os.pathsep.join(map(str, self.models_dirs)),
        }

    def _api(self, address: Address) -> tuple[str, ...]:
        workers = ("--workers", str(self.api_processes)) if self.api_processes > 1 else ()
        where = ("--host", address.host, "--port", str(address.port))
        quiet = ("--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "75")
        return ("-m", "uvicorn", f"{MODULE}.service:app", *where, *workers, *quiet)


WORKER = ("-m", "celery", "-A", f"{MODULE}.tasks", "worker", "-E", "--loglevel", "WARNING")
