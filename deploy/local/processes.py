"""The process table: which processes a local system has, and what each is told."""

import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.children import Program
from deploy.local.data_dir import DataDir
from workers.alive import VARIABLE
from workers.cores import available_cores

WATCH_TOKEN = "QUEUECAST_WATCH_TOKEN"  # noqa: S105 - the name of a variable
SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
METRICS_PORT = "QUEUECAST_METRICS_PORT"
"""A port is one process's own: the launcher gives each another, or none."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many processes of each kind."""

    preprocess: int
    predict: int
    api: int = 1


def chosen_sizes(
    workers: int | None = None,
    predict: int | None = None,
    api: int = 1,
    cores: int | None = None,
) -> Sizes:
    """`workers` of each stage, with another number for predict where one is given.

    By default each core has a predict process and every second one a preprocess process: two runs
    on one core each are through sooner than one run on two, because one computes while the other
    talks to Redis (docs/5-run-it.md has the figures).
    """
    cores = cores or available_cores()
    return Sizes(workers or max(1, cores // 2), predict or workers or cores, api)


def environment(
    base: Mapping[str, str],
    data_dir: DataDir,
    *,
    redis_url: str,
    database_url: str,
    models_dirs: Sequence[Path],
    sizes: Sizes,
) -> dict[str, str]:
    """The settings of every process: what the caller's environment says, and what is ours."""
    own = {name: value for name, value in base.items() if name != METRICS_PORT}
    return {
        "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime reports to its maker unless told not to
        WATCH_TOKEN: secrets.token_urlsafe(32),
        **own,
        "QUEUECAST_REDIS_URL": redis_url,
        "QUEUECAST_DATABASE_URL": database_url,
        "QUEUECAST_DATA_DIR": str(data_dir.path),
        "QUEUECAST_MODELS_DIRS": os.pathsep.join(map(str, models_dirs)),
        "QUEUECAST_PREDICT_PROCESSES": str(sizes.predict),
        SHARED_METRICS: str(data_dir.metrics),
        "PYTHONUNBUFFERED": "1",
    }


def worker_programs(settings: Mapping[str, str], data_dir: DataDir, sizes: Sizes) -> list[Program]:
    """Preprocess and predict: they need Redis and blobs only, so they start beside a migration."""
    programs = []
    for role, count, more in (
        ("preprocess", sizes.preprocess, ()),
        ("predict", sizes.predict, ("--lane", "cpu")),
    ):
        for number in range(1, count + 1):
            command = _python("workers", role, *more)
            name = f"{role}-{number}"
            programs.append(_watched(name, role, command, settings, data_dir))
    return programs


def database_programs(
    settings: Mapping[str, str], data_dir: DataDir, sizes: Sizes, listener: int
) -> list[Program]:
    """Those that open the database, which must be migrated by then."""
    api = _python("api", "--fd", str(listener))
    names = [f"api-{number}" for number in range(1, sizes.api + 1)]
    return [
        *(Program(name, "api", api, settings, data_dir.log(name), (listener,)) for name in names),
        *(
            _watched(role, role, command, settings, data_dir)
            for role, command in (
                ("record", _python("workers", "record")),
                ("deliver", _python("workers", "deliver")),
                ("sweeper", _python("workers.sweeper")),
            )
        ),
    ]


def _watched(
    name: str, role: str, command: tuple[str, ...], settings: Mapping[str, str], data_dir: DataDir
) -> Program:
    """One that says while it works that it does."""
    alive_file = data_dir.alive(name)
    environment = {**settings, VARIABLE: str(alive_file)}
    log = data_dir.log(name)
    return Program(name, role, command, environment, log, alive_file=alive_file)


def flower(settings: Mapping[str, str], data_dir: DataDir) -> Program:
    """The dashboard of Celery. It has metrics of its own, which do not belong among ours."""
    own = {name: value for name, value in settings.items() if name != SHARED_METRICS}
    return Program("flower", "flower", _python("workers.flower"), own, data_dir.log("flower"))


def flower_settings(settings: Mapping[str, str], port: int) -> dict[str, str]:
    """Where Flower is, and how the page knows it, unless the caller says otherwise."""
    host = settings.get("QUEUECAST_FLOWER_HOST", "127.0.0.1")
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    return {
        "QUEUECAST_FLOWER_PORT": str(port),
        "QUEUECAST_FLOWER_URL": settings.get("QUEUECAST_FLOWER_URL", url),
    }


def migration(settings: Mapping[str, str], data_dir: DataDir) -> Program:
    """Ends when the database is at this release's revision."""
    command = _python("deploy.local", "migrate")
    return Program("migrate", "migrate", command, settings, data_dir.log("migrate"))


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
