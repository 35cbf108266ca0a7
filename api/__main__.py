"""Starts one API process: `python -m api --port 8000`, or `--fd N` for a socket that is bound."""

import argparse
import atexit
import os
import resource
import signal
import socket
import sys
from typing import NoReturn

import structlog
import uvicorn
from pydantic import ValidationError
from starlette.types import ASGIApp

from api.app import create_app, doorway
from api.dependencies import Services
from api.exposure import require_keys
from api.http_protocol import HttpProtocol
from api.live_metrics import LiveMetrics
from models.registry import Registry
from shared import collector
from shared.container import Container
from shared.db.revision import require_current
from shared.errors import QueuecastError, StartupRefused
from shared.settings import Settings
from shared.telemetry import exposition, logs, tracing, vital_signs

GRACEFUL_SHUTDOWN_SECONDS = 10
KEEP_ALIVE_SECONDS = 30
LISTEN_BACKLOG = 2048
OPEN_FILES = 65536
"""What a process asks for, of connections and files; usual is 1024, which one client can fill."""


def main() -> int:
    """Serves until a signal; 2, and one line on standard error, when it will not start."""
    try:
        wanted = _parse_arguments()
        settings = _settings()
        here, server = _server(settings)
        listener = _listener(wanted)
        require_keys(listener, settings, here.container.engine, here.container.clock)
        here.company.join()
        exposition.serve(settings, LiveMetrics(here.container, here.company))
    except QueuecastError as error:
        sys.stderr.write(f"api: {error.detail}\n")
        return 2
    atexit.register(here.company.leave)
    vital_signs.tell("api")
    allow_open_files(OPEN_FILES)
    collector.settle()
    # The server raises the signal that ended it once more; the default would end us without exit.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    server.run(sockets=[listener])
    return 0 if server.started else 1


def _server(settings: Settings) -> tuple[Services, uvicorn.Server]:
    logs.configure(settings)
    tracing.configure(settings, "api")
    registry = Registry.load(settings.models_folders)
    for refused in registry.refused:
        structlog.get_logger().warning("model_refused", model=refused.name, reason=refused.reason)
    container = Container.for_api(settings, registry.served)
    require_current(container.engine)
    container.blobs  # noqa: B018 - opened here, where a refusal is one line
    app = create_app(container, registry)
    return app.state.services, uvicorn.Server(configuration(doorway(app), settings))


def configuration(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",
        loop="uvloop",
        http=HttpProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # X-Forwarded-* is anybody's word, unless a proxy of ours writes it.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_SECONDS,
    )


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(["QUEUECAST", *map(str, first["loc"])]).upper()
        raise StartupRefused(f"{name}: {first['msg']}") from None


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m api", description="Serves the HTTP API.")
    parser.add_argument("--fd", type=int, help="a listening socket that was inherited")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    return parser.parse_args()


def _listener(wanted: argparse.Namespace) -> socket.socket:
    try:
        if wanted.fd is not None:
            return socket.socket(fileno=wanted.fd)
        family = socket.AF_INET6 if ":" in wanted.host else socket.AF_INET
        return socket.create_server(
            (wanted.host, wanted.port), family=family, backlog=LISTEN_BACKLOG
        )
    except (OSError, OverflowError) as error:
        where = f"fd {wanted.fd}" if wanted.fd is not None else f"{wanted.host}:{wanted.port}"
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise StartupRefused(f"cannot listen on {where}: {why}") from error


def allow_open_files(number: int) -> None:
    """As far as the machine lets this process have so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _leave(_signal: int, _frame: object) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
