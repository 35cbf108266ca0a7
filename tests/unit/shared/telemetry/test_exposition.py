import socket
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest

from deploy.local.paths import ROOT
from shared.errors import StartupRefused
from shared.telemetry import counters, exposition, vital_signs

COUNTING = """
from shared.telemetry import counters, vital_signs
counters.quarantined.inc(2)
counters.sessions.labels("wine", "1").inc()
vital_signs.tell("predict")
"""
TELLING = """
import sys
from shared.telemetry import exposition
sys.stdout.buffer.write(exposition.text())
"""


def told(folder: Path, program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PROMETHEUS_MULTIPROC_DIR": str(folder)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_processes_that_share_a_folder_add_up(tmp_path) -> None:
    for _ in range(2):
        told(tmp_path, COUNTING)
    text = told(tmp_path, TELLING)
    assert "queuecast_quarantined_total 4.0" in text
    assert 'queuecast_sessions{model="wine",version="1"} 2.0' in text


def test_a_process_serves_its_own(settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    counters.build.labels("x", "y").set(1)
    exposition.serve(settings.model_copy(update={"metrics_port": port}))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    assert 'queuecast_build_info{python="y",version="x"} 1.0' in text
    assert "process_resident_memory_bytes" in text


def test_a_port_that_is_taken_is_refused_in_one_line(settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartupRefused, match=f"metrics on 127.0.0.1:{port}: Address already"):
            exposition.serve(settings.model_copy(update={"metrics_port": port}))


def test_without_a_port_nothing_listens(settings, monkeypatch) -> None:
    monkeypatch.delattr(exposition, "start_http_server")
    exposition.serve(settings)


def test_the_version_is_the_project_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == vital_signs.VERSION


def test_a_process_knows_its_memory() -> None:
    assert 1 << 20 < vital_signs.resident_bytes() < 1 << 40
