"""The Queuecast arm: `./run up` as a user starts it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from deploy.local.data_dir import DataDir
from deploy.local.paths import ROOT
from loadtests.bench.arms import programs
from loadtests.bench.arms.arm import POLL_SECONDS, POLLING, SUBMITTING, WAITING, Pids, Service
from loadtests.bench.errors import ArmFailed
from loadtests.bench.http_client import Address, Answer, request

LONGEST_WAIT_SECONDS = 30
WORKERS = ("preprocess", "predict", "record")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Submit, then a GET that waits for the end; with `headers` the submit may wait already."""

    pause_seconds: float = 0.0
    query: str = f"?wait={LONGEST_WAIT_SECONDS}"
    headers: str = ""

    def submit(self, address: Address, model: str, input: bytes) -> bytes:
        body = b'{"model":"%b","input":%b}' % (model.encode(), input)
        return request(address, "POST", "/api/v1/predictions", body, self.headers)

    def fetch(self, address: Address, job_id: str) -> bytes:
        return request(address, "GET", f"/api/v1/predictions/{job_id}{self.query}")

    def job_id(self, answer: Answer) -> str:
        if answer.status not in (200, 202):
            raise ArmFailed(f"{answer.status}: {answer.body[:300]!r}")
        return str(orjson.loads(answer.body)["id"])

    def is_done(self, answer: Answer) -> bool:
        return answer.status >= 300 or b'"completed_at":null' not in answer.body

    def output(self, answer: Answer) -> Any:
        prediction = orjson.loads(answer.body)
        if prediction.get("status") != "succeeded":
            raise ArmFailed(f"{answer.status}: {answer.body[:300]!r}")
        return prediction["output"]


def polling(pause_seconds: float) -> Waiting:
    """Submit, then plain GETs with a pause between."""
    return Waiting(pause_seconds, query="")


def submitting() -> Waiting:
    """One POST that waits for the end."""
    return Waiting(headers=f"Prefer: wait={LONGEST_WAIT_SECONDS}\r\n")


@dataclass(frozen=True)
class Queuecast:
    """The shipped system; `settings` are variables on top of what the launcher sets."""

    name: str = "queuecast"
    api_processes: int = 1
    models_dirs: tuple[Path, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    @contextmanager
    def running(self, folder: Path) -> Iterator[Service]:
        """Over `folder/data`, which may hold what an earlier start left there."""
        data_dir, log = DataDir(folder / "data"), folder / f"{self.name}.log"
        environment = clean_environment() | dict(self.settings)
        program = programs.python(self.name, *self._up(data_dir), log=log, environment=environment)
        with programs.running(program) as child:
            programs.until(lambda: _is_ready(data_dir), child, log)
            state = data_dir.running() or {}
            yield Service(
                _address(state["api_url"]),
                Waiting(),
                lambda: _processes(data_dir),
                {SUBMITTING: submitting(), WAITING: Waiting(), POLLING: polling(POLL_SECONDS)},
                state["redis_url"],
                data_dir.path,
                WORKERS,
            )

    def _up(self, data_dir: DataDir) -> tuple[str, ...]:
        models = [part for folder in self.models_dirs for part in ("--models", str(folder))]
        where = ("--port", "0", "--data-dir", str(data_dir.path))
        processes = ("--api-processes", str(self.api_processes))
        return ("-P", "-m", "deploy.local", "up", *where, *processes, *models)


def clean_environment() -> dict[str, str]:
    """This process's environment without any setting of Queuecast's."""
    mine = {name: text for name, text in os.environ.items() if not name.startswith("QUEUECAST_")}
    return mine | {"PYTHONPATH": str(ROOT)}


def _is_ready(data_dir: DataDir) -> bool:
    return (data_dir.running() or {}).get("state") == "ready"


def _processes(data_dir: DataDir) -> Pids:
    """By role: `api` stands for all API processes."""
    found: dict[str, list[int]] = {}
    for process in (data_dir.running() or {}).get("processes", ()):
        if process["pid"]:
            found.setdefault(process["role"], []).append(process["pid"])
    return found


def _address(url: str) -> Address:
    parts = urlsplit(url)
    return Address(parts.hostname or "127.0.0.1", parts.port or 80)
