import importlib.util
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import redis
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from queuecast import Client

READY_SECONDS = 60.0

# Rescue in seconds instead of tens of seconds; the rules are the same.
QUICK = {
    "QUEUECAST_DISPATCH_GRACE_SECONDS": "2",
    "QUEUECAST_SWEEP_SECONDS": "0.3",
    "QUEUECAST_WEBHOOK_DEVELOPMENT": "true",
    "QUEUECAST_WEBHOOK_TIMEOUT_SECONDS": "6",
}


@dataclass(frozen=True)
class RunningSystem:
    """A system that `./run up` keeps running over `data_dir`."""

    data_dir: Path
    launcher: subprocess.Popen[bytes]

    @property
    def state(self) -> dict[str, Any]:
        """What `./run status --json` reads."""
        return _written(self.data_dir)

    @property
    def url(self) -> str:
        """Where its API answers."""
        url: str = self.state["api_url"]
        return url

    def pids(self, role: str) -> list[int]:
        found = [one for one in self.state["processes"] if one["role"] == role]
        return [one["pid"] for one in found if one["pid"]]

    def kill(self, role: str) -> None:
        for pid in self.pids(role):
            os.kill(pid, signal.SIGKILL)

    def flush_redis(self) -> None:
        redis.Redis.from_url(self.state["redis_url"]).flushall()

    def client(self) -> Client:
        return Client(self.state["api_url"], timeout_seconds=30)

    def stop(self) -> int:
        self.launcher.send_signal(signal.SIGINT)
        return self.launcher.wait(60)


def start_system(
    data_dir: Path, models_dir: Path, *more: str, environment: Mapping[str, str] | None = None
) -> RunningSystem:
    """Starts a system on a free port and waits until it is ready."""
    command = [sys.executable, "-m", "deploy.local", "up", "--port", "0"]
    command += ["--data-dir", str(data_dir), "--models", str(models_dir), *more]
    log = data_dir.with_suffix(".log").open("ab")
    launcher = subprocess.Popen(
        command, env=os.environ | QUICK | (environment or {}), stdout=log, stderr=log
    )
    log.close()
    system = RunningSystem(data_dir, launcher)
    deadline = time.monotonic() + READY_SECONDS
    while not _is_ready(data_dir, launcher.pid):
        if launcher.poll() is not None or time.monotonic() > deadline:
            launcher.kill()
            pytest.fail(data_dir.with_suffix(".log").read_text())
        time.sleep(0.1)  # asks again; nothing depends on how long this takes
    return system


def _is_ready(data_dir: Path, pid: int) -> bool:
    state = _written(data_dir)
    return state.get("state") == "ready" and state["pid"] == pid


def _written(data_dir: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads((data_dir / "run.json").read_text())
    except (OSError, ValueError):
        return {}
    return state


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = Path(__file__).with_name("model_files.py")
    spec = importlib.util.spec_from_file_location("integration_model_files", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder: Path = module.build_models(tmp_path_factory.mktemp("models"))
    return folder


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[RunningSystem]:
    """The one that all tests share that kill nothing."""
    running = start_system(tmp_path_factory.mktemp("shared") / "data", models_dir)
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def client(system: RunningSystem) -> Iterator[Client]:
    with system.client() as client:
        yield client


class Receiver:
    """Takes traces by OTLP/HTTP, and webhooks at any other path."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.webhooks: list[Mapping[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces":
                    receiver.spans += _spans(body)
                else:
                    receiver.webhooks.append(dict(self.headers))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        return Handler

    @contextmanager
    def listening(self) -> Iterator[None]:
        with self._server:
            threading.Thread(target=self._server.serve_forever, daemon=True).start()
            yield
            self._server.shutdown()


def _spans(body: bytes) -> list[Any]:
    request = ExportTraceServiceRequest.FromString(body)
    scopes = [scope for one in request.resource_spans for scope in one.scope_spans]
    return [span for scope in scopes for span in scope.spans]


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with receiver.listening():
        yield receiver


@pytest.fixture(scope="session")
def observed(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path, receiver: Receiver
) -> Iterator[RunningSystem]:
    """One with all that tells what happens: Flower, metrics of each process, traces."""
    watching = {
        "QUEUECAST_FLOWER_USER": "op",
        "QUEUECAST_FLOWER_PASSWORD": "hush-hush",
        "QUEUECAST_OTLP_ENDPOINT": receiver.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    options = ["--flower", "0", "--metrics-port", str(_free_ports()), "--api-processes", "2"]
    options += ["--predict-processes", "1"]
    data_dir = tmp_path_factory.mktemp("observed") / "data"
    running = start_system(data_dir, models_dir, *options, environment=watching)
    yield running
    assert running.stop() == 0
    for file in (data_dir / "logs").glob("*.log"):
        if file.stem not in ("redis", "migrate"):  # to their last line, also while they stop
            assert all(line.startswith("{") for line in file.read_text().splitlines()), file


def _free_ports() -> int:
    """The first of twenty; others take theirs from a range above."""
    while True:
        first = random.randrange(20_000, 30_000, 20)
        with suppress(OSError), ExitStack() as stack:
            for port in range(first, first + 20):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return first


@pytest.fixture
def own_system(tmp_path: Path, models_dir: Path) -> Iterator[Callable[..., RunningSystem]]:
    """Starts a system that the test may kill; over the same data when called again."""
    started: list[RunningSystem] = []

    def start(*more: str) -> RunningSystem:
        started.append(start_system(tmp_path / "data", models_dir, *more))
        return started[-1]

    yield start
    for running in started:
        if running.launcher.poll() is None:
            running.stop()
