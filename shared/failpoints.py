"""Places between two steps where a test may let a process die: moments that no signal hits.

They are off, and cost the call of a function that does nothing, once for each batch or commit. On,
in a process that is started with QUEUECAST_FAILPOINTS, the name of a folder, and only by a test:
a file there arms the place of its name, for once. Who comes first takes it away, and is killed; a
file that holds a number lets it stand still for so many seconds instead.
"""

import os
import signal
import sys
import time
from pathlib import Path

_VARIABLE = "QUEUECAST_FAILPOINTS"
_TEST = "PYTEST_CURRENT_TEST"


def _obey(place: str, stage: str = "") -> None:
    armed = _folder / f"{stage}.{place}" if stage else _folder / place
    taken = armed.with_name(f"{armed.name}-{os.getpid()}")
    try:
        armed.rename(taken)
    except FileNotFoundError:
        return
    if seconds := taken.read_text():
        time.sleep(float(seconds))
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def _pass_by(place: str, stage: str = "") -> None:
    """Nobody tests us."""


_folder = Path(os.environ.get(_VARIABLE, ""))
if _VARIABLE in os.environ and _TEST not in os.environ:
    sys.exit(f"queuecast: {_VARIABLE} kills this process on demand: it is for tests only")
reach = _obey if _VARIABLE in os.environ else _pass_by
"""`reach("committed")` says where we are; with a stage, where in that."""
