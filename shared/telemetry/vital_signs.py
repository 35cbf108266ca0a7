"""What every process tells of itself, whatever it does: its version, and its memory."""

import os
import platform
import threading
from contextlib import suppress
from pathlib import Path

from shared.telemetry import counters

VERSION = "0.1.0"

PAUSE_SECONDS = 10.0

_STATUS = Path("/proc/self/statm")


def tell(process: str) -> None:
    """From now on, for the kind of process that this is: `api`, a stage, or `sweeper`."""
    counters.build.labels(VERSION, platform.python_version()).set(1)
    threading.Thread(target=_run, args=(process,), name="vital-signs", daemon=True).start()


def resident_bytes() -> int:
    """The memory of this process; 0 where the system does not say."""
    with suppress(OSError, ValueError, IndexError):
        return int(_STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _run(process: str) -> None:
    memory, pause = counters.process_memory.labels(process), threading.Event()
    while True:
        memory.set(resident_bytes())
        pause.wait(PAUSE_SECONDS)
