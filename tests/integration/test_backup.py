"""A system is backed up while it works, and another one goes on where the backup stands."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.paths import ROOT

SLOW = {"x": 1.0, "preprocess": "sleep", "seconds": 3.0}


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "deploy.local", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_a_running_system_is_backed_up(system, client, tmp_path: Path) -> None:
    job = client.submit("fragile", {"x": 1.0})
    said = run("backup", "--data-dir", str(system.data_dir), "--to", str(tmp_path / "copy"))
    assert said.startswith(f"{tmp_path / 'copy'}: ")
    assert job.wait(30).status == "succeeded"


@pytest.mark.long
def test_after_a_restore_the_unfinished_run_and_the_ended_read_the_same(
    own_system, tmp_path: Path
) -> None:
    system, data = own_system(), tmp_path / "data"
    with system.client() as client:
        ended = client.submit("fragile", {"x": 1.0}).wait(30)
        waiting = [client.submit("fragile", SLOW | {"x": float(n)}) for n in range(3)]
        run("backup", "--data-dir", str(data), "--to", str(tmp_path / "copy"))
    assert system.stop() == 0
    data.rename(tmp_path / "lost")
    said = run("restore", "--from", str(tmp_path / "copy"), "--data-dir", str(data))
    assert "; 3 run again" in said
    with own_system().client() as client:
        same = {"exclude": {"urls"}}
        assert client.get(ended.id).model_dump(**same) == ended.model_dump(**same)
        assert [client.wait(job.id, 60).output["y"] for job in waiting] == [0.0, 2.0, 4.0]
