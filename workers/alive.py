"""`python -m workers.alive [FILE]`: whether the process that renews this file is alive.

For health checks: exit code 0 or 1. It is run every few seconds, so it imports next to nothing and
asks neither Redis nor SQL, whose absence is no fault of the process.
"""

import os
import sys
import time
from pathlib import Path

VARIABLE = "QUEUECAST_ALIVE_FILE"

STARTING_SECONDS = 300.0
"""So long a process may take to load its models and to find Redis and SQL."""


class AliveFile:
    """Says until when its process counts as alive, by the clock that all processes share.

    Not by the time of the day, which may jump: everybody would seem dead.
    """

    def __init__(self, path: Path | None) -> None:
        """Without a path it says nothing."""
        self._path = path

    def promise(self, seconds: float) -> None:
        """Counts as alive for so long from now on. A disk that is full is no reason to stop.

        Whoever looks meanwhile reads the old promise or the new one, and never half of it.
        """
        if self._path is None:
            return
        draft = self._path.with_name(f"{self._path.name}.draft")
        try:
            draft.write_text(f"{time.monotonic() + seconds:.3f}")
            draft.replace(self._path)
        except OSError:
            return


def is_alive(path: Path) -> bool | None:
    """None while there is no such file: the process has not begun to say so."""
    try:
        until = float(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return False
    return time.monotonic() < until


def main() -> int:
    path = sys.argv[1] if len(sys.argv) > 1 else os.environ.get(VARIABLE, "")
    if not path:
        sys.stderr.write(f"workers.alive: name a file, or set {VARIABLE}\n")
        return 2
    found = is_alive(Path(path))
    said = {True: "alive", False: "does nothing any more", None: "has not begun yet"}
    sys.stdout.write(f"{said[found]}\n")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
