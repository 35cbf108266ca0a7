"""`./run bench` and `./run chaos`: become what lives outside the layers, in `loadtests/`."""

import os
import sys


def bench(arguments: list[str]) -> int:
    return _become("bench", arguments)


def chaos(arguments: list[str]) -> int:
    return _become("chaos", arguments)


def _become(name: str, arguments: list[str]) -> int:
    """Of `loadtests/`, the package of that name."""
    command = [sys.executable, "-P", "-m", f"loadtests.{name}", *arguments]
    os.execv(sys.executable, command)  # noqa: S606
