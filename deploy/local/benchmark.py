"""`./run bench`: becomes the benchmark, which lives outside the layers in `loadtests/`."""

import os
import sys


def bench(arguments: list[str]) -> int:
    command = [sys.executable, "-P", "-m", "loadtests.bench", *arguments]
    os.execv(sys.executable, command)  # noqa: S606
