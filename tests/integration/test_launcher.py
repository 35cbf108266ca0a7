"""`./run` as a person uses it: real processes, real signals."""

import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60

linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


def eventually(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"it did not come true within {PATIENCE_SECONDS} s"
        time.sleep(0.05)
    return answer


class Launcher:
    """One `./run up` or `./run demo`, known to its processes by its temporary folder."""

    def __init__(self, folder, *words):
        self.data_dir, self.said_in, self.tmp = folder / "data", folder / "said", folder / "tmp"
        self.tmp.mkdir()
        more = ["--data-dir", str(self.data_dir), "--port", "0"] if words == ("up",) else []
        with self.said_in.open("wb") as said:
            self.process = subprocess.Popen(
                [ROOT / "run", *words, *more],
                cwd=folder,
                env=os.environ | {"TMPDIR": str(self.tmp), "COLUMNS": "120"},
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self):
        return self.said_in.read_text()

    def status(self):
        """What --json says; None when nothing runs."""
        answer = subprocess.run(
            [ROOT / "run", "status", "--json", "--data-dir", self.data_dir],
            cwd="/",
            capture_output=True,
            check=False,
        )
        return json.loads(answer.stdout) if answer.returncode == 0 else None

    def pid_of(self, name):
        found = {
            one["name"]: one["pid"] for one in (self.status() or {"processes": []})["processes"]
        }
        return found.get(name)

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def processes(self):
        """Everything alive that was started with our temporary folder in its environment."""
        mine = f"TMPDIR={self.tmp}".encode()
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [pid for pid in pids if holds(pid, mine)]

    def left_behind(self):
        return list(self.tmp.iterdir()) + self.processes()


def holds(pid, entry):
    try:
        return entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


@pytest.fixture
def launch():
    launchers = []

    def start(*words):
        # Not tmp_path: the socket's path has to stay short.
        folder = Path(tempfile.mkdtemp(prefix="qc-"))
        launchers.append((Launcher(folder, *words), folder))
        return launchers[-1][0]

    yield start
    for launcher, folder in launchers:
        launcher.process.kill()
        launcher.process.wait()
        subprocess.run(["rm", "-rf", folder], check=True)


@pytest.fixture(scope="module")
def up():
    """One system for the tests that leave it whole."""
    with tempfile.TemporaryDirectory(prefix="qc-") as folder:
        launcher = Launcher(Path(folder), "up")
        try:
            eventually(lambda: "Ctrl-C stops it" in launcher.said)
            yield launcher
        finally:
            launcher.end(signal.SIGTERM)


def test_it_says_where_everything_is(up):
    status = up.status()
    assert status["state"] == "ready"
    assert f"API   {status['api_url']}/api/v1" in up.said
    assert "ready in " in up.said


def test_the_status_names_every_process_by_role(up):
    status = up.status()
    roles = {one["role"] for one in status["processes"]}
    assert roles == {"redis", "api", "preprocess", "predict", "record", "deliver", "sweeper"}
    assert all(one["alive"] and one["pid"] for one in status["processes"])
    assert status["redis_url"].startswith("unix://")
    assert status["database_url"].startswith("sqlite:////")


def test_a_second_launcher_over_the_same_data_is_refused(up):
    second = subprocess.run(
        [ROOT / "run", "up", "--data-dir", up.data_dir, "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 2
    assert second.stderr.count("\n") == 1
    assert f"pid {up.process.pid}, {up.status()['api_url']}" in second.stderr


@pytest.mark.parametrize("name", ["redis", "predict-1", "api-1", "sweeper"])
def test_what_dies_is_started_again_and_it_is_said_so(up, name):
    old = up.pid_of(name)
    os.kill(old, signal.SIGKILL)
    new = eventually(lambda: (pid := up.pid_of(name)) != old and pid)
    assert f"{name} (pid {old}) was killed by SIGKILL; starting it again in 1 s" in up.said
    assert new in [one["pid"] for one in up.status()["processes"] if one["restarts"] == 1]


WHEN_STOPPED = [(0, signal.SIGTERM), (1, signal.SIGINT), (3, signal.SIGTERM), (6, signal.SIGINT)]
OTHERWISE = [(0, signal.SIGINT), (1, signal.SIGTERM), (3, signal.SIGINT), (6, signal.SIGTERM)]


@linux
@pytest.mark.parametrize(
    ("processes", "number"),
    [*WHEN_STOPPED, *(pytest.param(*one, marks=pytest.mark.long) for one in OTHERWISE)],
)
def test_a_stop_signal_while_starting_leaves_nothing(launch, processes, number):
    launcher = launch("up")
    if processes:
        eventually(lambda: len((launcher.status() or {"processes": []})["processes"]) >= processes)
    else:
        eventually(launcher.data_dir.exists)
    assert launcher.end(number) == 0
    assert launcher.left_behind() == []


@linux
def test_kill_9_of_the_launcher_leaves_no_process(launch):
    launcher = launch("up")
    eventually(lambda: len((launcher.status() or {"processes": []})["processes"]) >= 3)
    launcher.end(signal.SIGKILL)
    eventually(lambda: launcher.processes() == [])
    assert launcher.status() is None


@linux
@pytest.mark.long
def test_the_demo_succeeds_and_leaves_nothing(launch):
    launcher = launch("demo")
    assert launcher.process.wait(PATIENCE_SECONDS) == 0
    assert all(word in launcher.said for word in ("digits", "wine", "shapes", "per s"))
    assert launcher.left_behind() == []


@linux
@pytest.mark.long
@pytest.mark.parametrize("line", ["Queuecast demo", "processes ready"])
def test_ctrl_c_in_the_demo_leaves_nothing(launch, line):
    launcher = launch("demo")
    eventually(lambda: line in launcher.said)
    assert launcher.end(signal.SIGINT) == 130
    assert launcher.left_behind() == []
