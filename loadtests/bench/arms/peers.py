"""Other systems with an interface to submit and poll, each in an environment of its own.

Each is configured as its documentation recommends; where a default is meant for longer jobs, it is
set in the peer's favour.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from deploy.local.embedded_redis import embedded_redis
from deploy.local.paths import ROOT
from loadtests.bench.arms import programs
from loadtests.bench.arms.arm import POLL_SECONDS, POLLING, Arm, Service
from loadtests.bench.arms.peer_environment import environment_of
from loadtests.bench.errors import ArmFailed
from loadtests.bench.http_client import Address, Answer, request
from workers.cores import available_cores

FOLDER = "loadtests.baselines.peers"
SHARE = 0.3


@dataclass(frozen=True, slots=True)
class BentomlTasks:
    """`GET …/get` answers 400 while a task is not done."""

    pause_seconds: float = 0.1
    task: str = "predict_many"

    def submit(self, address: Address, _model: str, input: bytes) -> bytes:
        return request(address, "POST", f"/{self.task}/submit", b'{"inputs":[%b]}' % input)

    def fetch(self, address: Address, job_id: str) -> bytes:
        return request(address, "GET", f"/{self.task}/get?task_id={job_id}")

    def job_id(self, answer: Answer) -> str:
        return _id(answer, "task_id")

    def is_done(self, answer: Answer) -> bool:
        return answer.status != 400 and b'"task_id"' not in answer.body

    def output(self, answer: Answer) -> Any:
        return _content(answer)[0]


@dataclass(frozen=True, slots=True)
class ArqFront:
    """Our own front, since arq has none."""

    pause_seconds: float = 0.1

    def submit(self, address: Address, _model: str, input: bytes) -> bytes:
        return request(address, "POST", "/predictions", input)

    def fetch(self, address: Address, job_id: str) -> bytes:
        return request(address, "GET", f"/predictions/{job_id}")

    def job_id(self, answer: Answer) -> str:
        return _id(answer, "id")

    def is_done(self, answer: Answer) -> bool:
        return b'"status":"pending"' not in answer.body

    def output(self, answer: Answer) -> Any:
        return _content(answer)["output"]


@dataclass(frozen=True)
class Bentoml:
    environments: Path
    name: str = "bentoml"

    @contextmanager
    def running(self, folder: Path) -> Iterator[Service]:
        address, log = programs.free_address(), folder / "bentoml.log"
        python = environment_of(self.name, self.environments)
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "BENTOML_HOME": str(folder / "home"),
            "BENTOML_DO_NOT_TRACK": "true",
        }
        where = ("--host", address.host, "--port", str(address.port))
        serve = ("-m", "bentoml", "serve", f"{FOLDER}.bentoml_wine:WineService", "-q", *where)
        program = programs.python(
            "server", *serve, log=log, environment=environment, interpreter=python
        )
        with programs.running(program) as server:
            programs.until(lambda: programs.listens(address), server, log)
            patient = {POLLING: BentomlTasks(POLL_SECONDS, "predict")}
            pids = {"server": [server.pid]}
            yield Service(address, BentomlTasks(), lambda: pids, patient, share=SHARE)


@dataclass(frozen=True)
class Arq:
    environments: Path
    name: str = "arq"

    @contextmanager
    def running(self, folder: Path) -> Iterator[Service]:
        address, python = programs.free_address(), environment_of(self.name, self.environments)
        with ExitStack() as stack:
            redis = stack.enter_context(embedded_redis(folder / "redis.log", os.environ, None))
            server = stack.enter_context(programs.running(redis.program))
            programs.until(redis.answers, server, folder / "redis.log")
            environment = {
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "ARQ_REDIS_SOCKET": redis.url.removeprefix("unix://"),
            }

            def start(name: str, *arguments: str) -> int:
                program = programs.python(
                    name, *arguments, log=folder / f"{name}.log", environment=environment,
                    interpreter=python,
                )  # fmt: skip
                return stack.enter_context(programs.running(program)).pid

            worker = ("-m", "arq", f"{FOLDER}.arq_wine.WorkerSettings")
            workers = [start(f"worker-{n}", *worker) for n in range(available_cores())]
            where = ("--host", address.host, "--port", str(address.port))
            api = start("api", "-m", "uvicorn", f"{FOLDER}.arq_wine:app", *where, *QUIET)
            programs.until(lambda: programs.listens(address), server, folder / "api.log")
            pids = {"redis": [server.pid], "api": [api], "worker": workers}
            patient = {POLLING: ArqFront(POLL_SECONDS)}
            yield Service(address, ArqFront(), lambda: pids, patient, redis.url, share=SHARE)


QUIET = ("--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "75")

PEERS: dict[str, Callable[[Path], Arm]] = {"bentoml": Bentoml, "arq": Arq}
"""By the name that `--peers` takes; each is given the folder of the environments."""


def _id(answer: Answer, field: str) -> str:
    if answer.status not in (200, 202):
        raise ArmFailed(f"{answer.status}: {answer.body[:300]!r}")
    return str(orjson.loads(answer.body)[field])


def _content(answer: Answer) -> Any:
    if answer.status != 200:
        raise ArmFailed(f"{answer.status}: {answer.body[:300]!r}")
    return orjson.loads(answer.body)
