"""Locust's users against the running system: what its report says of them."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WAYS = ("poll", "wait", "stream", "webhook", "repeat", "picture", "file")


def swarm(url: str, folder: Path, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Runs `./run locust`; answers its exit code and the rows of its report by type and name."""
    command = [sys.executable, "-P", "-m", "deploy.local", "locust", "--host", url]
    command += ["--report", str(folder), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, timeout=150, check=False)
    assert "Locust" in (folder / "report.html").read_text()
    with (folder / "swarm_stats.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return done.returncode, {f"{row['Type']} {row['Name']}": row for row in rows}


@pytest.mark.timeout(300)  # the first time its environment is made
def test_every_user_gets_its_results(system, tmp_path: Path) -> None:
    code, rows = swarm(system.url, tmp_path, "--users", "22", "--seconds", "30")
    assert code == 0
    assert {name.partition(" ")[2] for name in rows if name.startswith("JOB")} == set(WAYS)
    assert all(int(rows[f"JOB {one}"]["Request Count"]) > 0 for one in WAYS)
    assert rows[" Aggregated"]["Failure Count"] == "0"


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("shape", ["ramp", "spike", "soak"])
def test_a_shape_runs_to_its_end(system, tmp_path: Path, shape: str) -> None:
    options = ("WaitingUser", "--users", "6", "--seconds", "5", "--shape", shape)
    code, rows = swarm(system.url, tmp_path, *options)
    assert code == 0
    assert int(rows["JOB wait"]["Request Count"]) > 0


@pytest.mark.long
@pytest.mark.timeout(300)
def test_failures_are_an_exit_code(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:9"
    options = ("WaitingUser", "--users", "1", "--seconds", "3")
    code, rows = swarm(nobody, tmp_path, *options)
    assert code == 1
    assert int(rows[" Aggregated"]["Failure Count"]) > 0
    assert swarm(nobody, tmp_path, *options, "--failures-max", "100")[0] == 0
