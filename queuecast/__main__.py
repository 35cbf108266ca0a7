"""`python -m queuecast` is the `queuecast` command."""

from queuecast.command_line import main

main()
