"""What lets a process die must be nothing where no test runs."""

import os
import subprocess
import sys

import pytest

from shared import failpoints

PASS = "from shared import failpoints; failpoints.reach('taken', 'predict'); print('went on')"


def run(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    inherited = {"PATH": os.environ["PATH"], "PYTHONPATH": "."}
    command = [sys.executable, "-c", PASS]
    return subprocess.run(
        command, env=inherited | environment, capture_output=True, text=True, check=False
    )


def test_without_the_variable_nothing_is_asked() -> None:
    assert failpoints.reach is failpoints._pass_by


def test_they_are_refused_where_no_test_runs(tmp_path) -> None:
    done = run({"QUEUECAST_FAILPOINTS": str(tmp_path)})
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("holds", "code", "says"), [("", -9, ""), ("0.01", 0, "went on\n")])
def test_an_armed_place_is_obeyed_once(tmp_path, holds: str, code: int, says: str) -> None:
    (tmp_path / "predict.taken").write_text(holds)
    given = {"QUEUECAST_FAILPOINTS": str(tmp_path), "PYTEST_CURRENT_TEST": "this"}
    done = run(given)
    assert (done.returncode, done.stdout) == (code, says)
    assert run(given).stdout == "went on\n"
