"""Why a process ended, in words."""

import json
import signal
from pathlib import Path

TAIL_BYTES = 8192
LONGEST_LINE = 200


def describe_exit(code: int, log: Path | None) -> str:
    """ "was killed by SIGKILL", or "ended with code 1: <the last line of its log>"."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    line = last_line(log) if log else ""
    return f"ended with code {code}" + (f": {line}" if line and code else "")


def last_line(log: Path) -> str:
    """The last line of a log that says something; of a JSON line, its event and exception."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    line = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return _said(line)[:LONGEST_LINE]


def _said(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict):
        return line
    exception = str(entry.get("exception", "")).strip().splitlines()
    return ": ".join([str(entry.get("event", line)), *exception[-1:]])
