"""`./run queuecast …`: the command line, pointed at the system that runs here."""

import os
import sys

from deploy.local.data_dir import DataDir


def queuecast(arguments: list[str]) -> int:
    """Becomes the `queuecast` command; QUEUECAST_URL is set when a local system runs."""
    state = DataDir.chosen(None).running()
    if state and "QUEUECAST_URL" not in os.environ:
        os.environ["QUEUECAST_URL"] = state["api_url"]
    from queuecast.command_line import main

    sys.argv = ["queuecast", *arguments]
    main()
    return 0
