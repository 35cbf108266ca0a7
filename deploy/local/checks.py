"""`./run check` and `./run test`: the same words for a person, a hook and CI."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deploy.local.paths import ROOT
from deploy.local.terminal import say

CHECKS = {
    "format": ("-m", "ruff", "format", "--check", "."),
    "lint": ("-m", "ruff", "check", "."),
    "types": ("-m", "mypy"),
    "layers": ("-c", "from importlinter.cli import lint_imports as lint; exit(lint(no_logo=True))"),
}


@dataclass(frozen=True, slots=True)
class Result:
    code: int
    output: str
    seconds: float


def check() -> int:
    """Runs all of `CHECKS` side by side; exit code 1 when any of them failed."""
    failures = []
    with ThreadPoolExecutor(len(CHECKS)) as pool:
        for name, result in zip(CHECKS, pool.map(_run, CHECKS.values()), strict=True):
            say(f"{'FAILED' if result.code else 'ok':<7} {name:<7} {result.seconds:6.1f} s")
            if result.code:
                failures.append(f"\n{name}:\n{result.output.rstrip()}")
    for failure in failures:
        say(failure)
    return int(bool(failures))


def test(arguments: list[str]) -> int:
    """Becomes pytest, over the whole suite but the long tier; `--all` adds that."""
    tier = [] if "--all" in arguments else ["-m", "not long"]
    rest = [argument for argument in arguments if argument != "--all"]
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *tier, *rest])  # noqa: S606


def _run(arguments: tuple[str, ...]) -> Result:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Result(done.returncode, done.stdout, time.monotonic() - began)
