import os
import signal
import threading
from pathlib import Path

import pytest

from deploy.local.children import Child
from deploy.local.supervisor import Timing

FOREVER = "import time\nwhile True: time.sleep(60)"


@pytest.fixture
def polite(tmp_path, make_program):
    """Programs that note their name when asked to stop; ready once their log says so."""

    def make(name, *, stops_last=False):
        code = (
            "import signal, sys\n"
            "def end(*_):\n"
            f"    open({str(tmp_path / 'order')!r}, 'a').write('{name} ')\n"
            "    sys.exit()\n"
            "signal.signal(signal.SIGTERM, end); print('ready', flush=True)\n" + FOREVER
        )
        return make_program(code, name, stops_last=stops_last)

    return make


def is_gone(pid):
    """Or a zombie that nobody has waited for."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return True
    except FileNotFoundError:
        return Path("/proc/self").exists()
    return state == "Z"


def test_what_the_others_need_stops_last(make_stage, polite, tmp_path, eventually):
    stage = make_stage()
    for program in (polite("redis", stops_last=True), polite("api"), polite("worker")):
        stage.supervisor.start(program)
        eventually(lambda log=program.log: log.read_text())
    stage.supervisor.stop()
    order = (tmp_path / "order").read_text().split()
    assert set(order[:2]) == {"api", "worker"}
    assert order[2:] == ["redis"]


def test_what_ignores_the_request_is_killed_after_the_grace(make_stage, make_program, eventually):
    stage = make_stage(Timing(grace_seconds=0.05))
    deaf = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\n" + FOREVER
    program = make_program(deaf)
    stage.supervisor.start(program)
    eventually(program.log.read_text)
    pid = stage.supervisor.watched[0].child.pid
    stage.supervisor.stop()
    assert is_gone(pid)


def test_another_stop_signal_kills_at_once(make_stage, make_program, eventually):
    stage = make_stage(Timing(grace_seconds=3600))
    deaf = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\n" + FOREVER
    program = make_program(deaf)
    stage.supervisor.start(program)
    eventually(program.log.read_text)
    impatient = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    impatient.start()
    stage.supervisor.stop()
    impatient.join()
    assert stage.signals.count == 1


def test_what_a_dead_program_had_started_is_killed_too(make_stage, make_program, eventually):
    code = (
        "import subprocess, sys\n"
        f"print(subprocess.Popen([sys.executable, '-c', {FOREVER!r}]).pid, flush=True)"
    )
    stage, program = make_stage(), make_program(code)
    stage.supervisor.start(program)
    stage.supervisor.watch(lambda: stage.said)
    orphan = int(program.log.read_text().split()[0])
    eventually(lambda: is_gone(orphan))


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="the kernel does this on Linux only")
def test_kill_9_of_the_launcher_leaves_no_child(make_program, eventually, checkout):
    inner = make_program(FOREVER, "inner")
    code = (
        f"import sys; sys.path.insert(0, {str(checkout)!r})\n"
        "from deploy.local.children import Child, Program\n"
        f"child = Child(Program('inner', 'inner', {inner.command!r}, {{}}, None))\n"
        "print(child.pid, flush=True)\n" + FOREVER
    )
    program = make_program(code, "launcher")
    launcher = Child(program)
    eventually(program.log.read_text)
    pid = int(program.log.read_text())
    os.kill(launcher.pid, signal.SIGKILL)
    launcher.kill()
    eventually(lambda: is_gone(pid))
