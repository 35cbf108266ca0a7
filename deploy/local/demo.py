"""`./run demo`: the whole system on real inputs, from nothing to nothing."""

import os
import sys
import tempfile
import time
from pathlib import Path

from deploy.local.children import Program
from deploy.local.data_dir import DataDir
from deploy.local.processes import chosen_sizes
from deploy.local.stop_signals import StopRequested, StopSignals
from deploy.local.system import System, Wish, running_system
from deploy.local.terminal import say
from shared.errors import StartupRefused

NEXT = """Where to go next:
  ./run up                                 keep it running: API and its documentation on port 8000
  ./run queuecast predict digits --image models/digits/samples/0003-label-3.png
  README.md                                the path of a job, and the six files that tell it"""


def demo() -> int:
    """0 when every job succeeded and the digits were read well enough, 130 when interrupted."""
    began = time.monotonic()
    own = {name: value for name, value in os.environ.items() if not name.startswith("QUEUECAST_")}
    with (
        StopSignals() as signals,
        tempfile.TemporaryDirectory(prefix="queuecast-demo-") as folder,
    ):
        say("Queuecast demo: its own Valkey, its own SQLite, in a temporary folder")
        wish = Wish(DataDir(Path(folder)), chosen_sizes(), environment=own, durable=False)
        try:
            with running_system(wish, signals, say) as system:
                code = _show(system)
        except StopRequested:
            say("interrupted; everything is stopped")
            return 130
    took = time.monotonic() - began
    say(f"everything is stopped, the folder is gone; {took:.1f} s in all\n\n{NEXT}")
    return code


def _show(system: System) -> int:
    began = time.monotonic()
    if missing := system.start():
        raise StartupRefused(f"the system did not become ready, missing: {missing}")
    count = len(system.supervisor.watched)
    say(f"{count} processes ready in {time.monotonic() - began:.1f} s at {system.api_url}")
    command = (sys.executable, "-m", "deploy.local.demo_client", system.api_url)
    return system.supervisor.run_once(Program("demo", "demo", command, system.settings, log=None))
