import os
import signal
import time
from dataclasses import replace

import pytest

from deploy.local.stop_signals import StopRequested
from deploy.local.supervisor import Timing
from shared.errors import StartupRefused
from tests.unit.deploy.conftest import FAST

FOREVER = "import time\nwhile True: time.sleep(60)"


def only_pid(stage):
    (watched,) = stage.supervisor.watched
    return watched.child.pid if watched.child else None


def test_a_program_that_dies_is_started_again(make_stage, make_program):
    stage = make_stage()
    stage.supervisor.start(make_program(FOREVER))
    first = only_pid(stage)
    os.kill(first, signal.SIGKILL)
    stage.supervisor.watch(lambda: only_pid(stage) not in (first, None))
    assert stage.supervisor.watched[0].restarts == 1
    assert stage.said == [f"child (pid {first}) was killed by SIGKILL; starting it again in 0.01 s"]


def test_its_death_is_reported_before_it_is_started_again(make_stage, make_program):
    stage = make_stage()
    stage.supervisor.start(make_program("import sys; sys.exit(3)"))
    first = only_pid(stage)
    stage.supervisor.watch(lambda: only_pid(stage) is None)
    assert stage.deaths == [("child", first)]


def test_the_pause_before_a_restart_doubles_up_to_the_longest(make_stage, make_program):
    stage = make_stage()
    stage.supervisor.start(make_program("print('no luck'); exit(1)"))
    stage.supervisor.watch(lambda: len(stage.said) == 4)
    assert [line.rpartition(" in ")[2] for line in stage.said] == [
        "0.01 s", "0.02 s", "0.04 s", "0.04 s"
    ]  # fmt: skip
    assert "ended with code 1: no luck" in stage.said[0]


def test_the_pause_starts_over_after_a_steady_time(make_stage, make_program):
    stage = make_stage(Timing(first_pause_seconds=0.01, steady_seconds=0))
    stage.supervisor.start(make_program("exit(1)"))
    stage.supervisor.watch(lambda: len(stage.said) == 3)
    assert {line.rpartition(" in ")[2] for line in stage.said} == {"0.01 s"}


def test_a_program_that_keeps_dying_before_all_is_ready_ends_the_start(make_stage, make_program):
    stage = make_stage()
    stage.supervisor.ready = False
    stage.supervisor.start(make_program("print('no such database'); exit(1)"))
    with pytest.raises(StartupRefused, match=r"child does not start: .* no such database"):
        stage.supervisor.watch()
    assert len(stage.said) == 2


def test_a_program_that_does_nothing_any_more_is_replaced(make_stage, make_program, tmp_path):
    file = tmp_path / "alive"
    code = f"from workers.alive import *; AliveFile(Path('{file}')).promise(0)\n{FOREVER}"
    stage = make_stage(replace(FAST, look_seconds=0.05))
    stage.supervisor.start(replace(make_program(code), alive_file=file))
    first = only_pid(stage)
    stage.supervisor.watch(lambda: only_pid(stage) not in (first, None))
    assert stage.said[0] == f"child (pid {first}) does nothing any more"
    assert stage.deaths[0] == ("child", first)


def test_a_program_that_keeps_its_promise_is_left_alone(
    make_stage, make_program, tmp_path, eventually
):
    file = tmp_path / "alive"
    file.write_text("0")  # of an earlier life
    code = f"from workers.alive import *; AliveFile(Path('{file}')).promise(60)\n{FOREVER}"
    stage = make_stage(replace(FAST, look_seconds=0.01))
    stage.supervisor.start(replace(make_program(code), alive_file=file))
    eventually(file.exists)
    deadline = time.monotonic() + 0.1
    stage.supervisor.watch(lambda: time.monotonic() > deadline)
    assert stage.said == []


def test_who_stood_still_itself_gives_the_others_time(
    make_stage, make_program, tmp_path, eventually
):
    file = tmp_path / "alive"
    code = f"from workers.alive import *; AliveFile(Path('{file}')).promise(0)\n{FOREVER}"
    stage = make_stage(replace(FAST, look_seconds=0.01))
    stage.supervisor.start(replace(make_program(code), alive_file=file))
    eventually(file.exists)
    stage.supervisor._looked_at -= 60
    deadline = time.monotonic() + 0.1
    stage.supervisor.watch(lambda: time.monotonic() > deadline)
    assert stage.said == []


def test_a_stop_signal_ends_the_watch(make_stage, make_program):
    stage = make_stage()
    stage.supervisor.start(make_program(f"import os; os.kill({os.getpid()}, 15)\n{FOREVER}"))
    with pytest.raises(StopRequested):
        stage.supervisor.watch()


def test_what_runs_once_answers_its_exit_code(make_stage, make_program):
    assert make_stage().supervisor.run_once(make_program("exit(7)")) == 7


def test_a_stop_signal_also_ends_what_runs_once(make_stage, make_program):
    stage = make_stage()
    with pytest.raises(StopRequested):
        stage.supervisor.run_once(make_program(f"import os; os.kill({os.getpid()}, 15)\n{FOREVER}"))
