"""`python -m loadtests.chaos.victims.naive_up FOLDER`: the naive build under our own supervisor.

So it is restarted as ours is, and writes down its processes in the same place. Where its API
listens and what else it is told stands in its environment.
"""

import os
import sys
from pathlib import Path

from deploy.local.data_dir import DataDir
from deploy.local.stop_signals import StopRequested, StopSignals
from deploy.local.supervisor import Supervisor
from loadtests.bench.arms import programs
from loadtests.bench.arms.naive import MODULE, WORKER

PORT = "NAIVE_PORT"


def main(folder: Path) -> None:
    data_dir = DataDir(folder)
    with StopSignals() as signals, data_dir.claimed():

        def note() -> None:
            processes = [watched.state() for watched in supervisor.watched]
            data_dir.note_running({"state": "ready", "processes": processes})

        def say(line: str) -> None:
            sys.stdout.write(f"{line}\n")

        supervisor = Supervisor(signals, say=say, on_change=note)
        supervisor.ready = True
        try:
            _start(supervisor, folder)
            supervisor.watch()
        except StopRequested:
            pass  # this is how it ends: by a signal
        finally:
            supervisor.stop()


def _start(supervisor: Supervisor, folder: Path) -> None:
    where = ("--host", "127.0.0.1", "--port", os.environ[PORT])
    quiet = ("--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "75")
    for name, command in {
        "worker": WORKER,
        "api": ("-m", "uvicorn", f"{MODULE}.service:app", *where, *quiet),
    }.items():
        log = folder / f"{name}.log"
        supervisor.start(programs.python(name, *command, log=log, environment=os.environ))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
