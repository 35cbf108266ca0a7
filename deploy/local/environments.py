"""The commands that make a virtual environment of a lock file: with uv where it is, else with pip.

`uv` is its path, None where it is not installed.
"""

import sys
from pathlib import Path

from shared.errors import StartupRefused


def making(home: Path, uv: str | None) -> list[str]:
    """An empty environment at `home`; raises StartupRefused where this Python cannot make one."""
    if uv:
        return [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(home)]
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        raise StartupRefused(
            f"{sys.executable} has no ensurepip: install python3-venv "
            "(apt install python3-venv), or uv"
        ) from None
    return [sys.executable, "-m", "venv", str(home)]


def installing(lock: Path, python: Path, uv: str | None) -> list[str]:
    """What the lock names, into the environment of `python`; wheels only, each by its hash."""
    from_lock = ["install", "--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    if uv:
        return [uv, "pip", *from_lock, "--compile-bytecode", "--python", str(python)]
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--retries", "2"]
    return [str(python), "-m", "pip", *from_lock, *quiet]
