"""Whether a command that a file names is one that the code takes."""

import os
import subprocess
import sys
from functools import cache

from shared.settings import Settings
from tests.integration.deployment.images import ROOT

SETTLED = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
WITHOUT_SETTINGS = {
    "deploy.local": ({"QUEUECAST_DATABASE_URL": "nosuch://"}, "nosuch"),
    "api.alive": ({}, ""),
    "workers.alive": ({}, "QUEUECAST_ALIVE_FILE"),
}
"""What a module is given so that it ends at once, and what it says then."""


@cache
def refusal(*command: str) -> str:
    """Empty for a command whose arguments are understood; else what it said.

    The process is started without the settings that it needs. One that complains of them has
    understood its arguments.
    """
    python, minus_m, module, *_ = command
    assert (python, minus_m) == ("python", "-m"), command
    environment, expected = WITHOUT_SETTINGS.get(module, ({}, "QUEUECAST_REDIS_URL"))
    done = subprocess.run(
        [sys.executable, *command[1:]],
        cwd=ROOT, env=SETTLED | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=30, check=False,
    )  # fmt: skip
    said = done.stdout
    understood = done.returncode in (1, 2) and expected in said and "usage:" not in said
    return "" if understood and "No module named" not in said else said or "it said nothing"


def unknown_settings(names: set[str]) -> set[str]:
    """Those of our variables that no setting answers to."""
    ours = {name for name in names if name.startswith("QUEUECAST_")}
    known = {f"QUEUECAST_{name.upper()}" for name in Settings.model_fields}
    return {name for name in ours if not {name, name.removesuffix("_FILE")} & known}
