"""Every command of the runbook runs as it stands there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.test_documentation import ROOT, SERVICE, blocks

PAGE = ROOT / "docs" / "16-operate.md"
COMMANDS = [
    line
    for block in blocks(PAGE, "sh")
    if SERVICE not in block
    for line in block.strip().splitlines()
]


def test_there_are_commands_of_each_kind() -> None:
    assert {line.split()[0] for line in COMMANDS} == {"./run", "python"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_runbook_runs(system, command: str) -> None:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "QUEUECAST_DATA_DIR": str(system.data_dir),
        "QUEUECAST_REDIS_URL": system.state["redis_url"],
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
