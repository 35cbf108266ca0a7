"""What a run was taken on."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from deploy.local.paths import ROOT
from deploy.local.redis_binary import find_server, server_version
from workers.cores import available_cores

PACKAGES = ("celery", "fastapi", "onnxruntime", "redis", "sqlalchemy", "uvicorn")


def describe() -> dict[str, object]:
    """Nothing in it names the machine or its owner."""
    return {
        "cores": available_cores(),
        "processor": _processor(),
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "redis_server": ".".join(map(str, server_version(find_server()))),
        "packages": {name: version(name) for name in PACKAGES},
        "revision": _revision(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")


def _memory_gib() -> float | None:
    try:
        kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
    except OSError:
        return None
    return round(kilobytes / (1 << 20), 1)


def _revision() -> str | None:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
