import subprocess
import sys
import time
from pathlib import Path

import pytest

from loadtests.bench import processes

pytestmark = pytest.mark.skipif(not processes.PROC.is_dir(), reason="needs /proc")

STAYS = "import sys\nprint(flush=True)\nsys.stdin.read()"
SPINS = f"import time\nwhile time.process_time() < 0.3: pass\n{STAYS}"
PARENT = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {SPINS!r}])"
FILLS = f"held = b'x' * (80 << 20)\ndel held\n{STAYS}"


@pytest.fixture
def start():
    started = []

    def run(code):
        pipe = subprocess.PIPE
        child = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe)
        started.append(child)
        child.stdout.readline()
        return child

    yield run
    for child in started:
        child.stdin.close()  # its input ends, and so does it
        child.wait()
        child.stdout.close()


def state(pid):
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]


def test_the_cpu_of_a_child_s_child_counts(start):
    assert processes.usage([start(PARENT).pid]).cpu_seconds >= 0.3


def test_the_peak_is_remembered_until_it_is_forgotten(start):
    child = start(FILLS)
    assert processes.usage([child.pid]).peak_bytes > 80 << 20
    processes.forget_peaks([child.pid])
    assert processes.usage([child.pid]).peak_bytes < 60 << 20


def test_what_is_gone_costs_nothing():
    assert processes.usage([2**22 + 1]) == processes.Usage(0.0, 0)


def test_held_processes_stand_still_until_they_are_let_go(start):
    child = start(STAYS)
    with processes.held([child.pid]) as let_go:
        deadline = time.monotonic() + 5
        while state(child.pid) != "T":
            assert time.monotonic() < deadline
        let_go()
        assert state(child.pid) != "T"


def test_age_counts_from_the_start(start):
    assert 0 <= processes.age_seconds(start(STAYS).pid) < 30
    assert processes.age_seconds(2**22 + 1) == 0
