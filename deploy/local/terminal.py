"""What the launcher says: lines to a person, on standard error where the output is data."""

import sys


def say(line: str) -> None:
    print(line, flush=True)


def note(line: str) -> None:
    """For lines beside the output proper, so that `--json` stays JSON."""
    print(f"run: {line}", file=sys.stderr, flush=True)
