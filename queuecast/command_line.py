"""The `queuecast` command's way in: it only checks that the extra `cli` is there."""

import sys


def main() -> None:
    """Run the command of `sys.argv` and exit; see `queuecast.exit_codes`."""
    try:
        from queuecast.commands import run
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        hint = "pip install 'queuecast[cli]'"
        sys.stderr.write(f"queuecast: the command needs the package {error.name}: {hint}\n")
        sys.exit(2)
    sys.exit(run(sys.argv[1:]))
