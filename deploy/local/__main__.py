"""`./run`: one command vocabulary for people, hooks and CI."""

import argparse
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from deploy.local.data_dir import DATA_DIR_HELP
from deploy.local.one_line_parser import OneLineParser, number
from deploy.local.terminal import note
from shared.errors import StartupRefused
from shared.secret_files import take_in

COMMANDS = {
    "demo": "start everything, predict real inputs, show the results, stop everything",
    "up": "start everything and keep it running until Ctrl-C",
    "status": "what is running, and where",
    "queuecast": "the command line: predict, jobs, job, models (see ./run queuecast --help)",
    "keys": "API keys: create, list, rotate, revoke; limit what a tenant may use",
    "backup": "copy the database, the blobs and the key, while everything runs",
    "restore": "make an empty data folder from a backup",
    "dead-letters": "jobs that the service failed: list, show, retry, purge",
    "log": "the prediction log: export it to files, erase what a tenant has left",
    "migrate": "bring the database to this release's revision",
    "test": "run the tests; --all adds the long ones; the rest goes to pytest",
    "bench": "measure speed beside simpler builds; --quick takes 3 minutes instead of 25",
    "chaos": "faults of all kinds under load; fails when an accepted job is lost",
    "locust": "users against the running system, by Locust; --ui for its page",
    "docs": "build the documentation as a site",
    "check": "format, lint, types, layer contracts",
}


HANDED_OVER = {
    "queuecast": "client_command:queuecast",
    "keys": "keys:keys",
    "backup": "backup:backup",
    "restore": "restore:restore",
    "dead-letters": "dead_letters:dead_letters",
    "log": "prediction_log.command:log",
    "locust": "locust_command:locust",
    "test": "checks:test",
    "bench": "load_tests:bench",
    "chaos": "load_tests:chaos",
}
"""These read their arguments themselves: the function that does, which is imported then."""


def main(arguments: list[str]) -> int:
    """The exit code: 0 done, 1 the command's own failure, 2 wrong use or it cannot start."""
    try:
        take_in(os.environ)
        return _dispatch(arguments)
    except StartupRefused as refused:
        note(refused.detail)
    except OSError as error:
        note(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except KeyboardInterrupt:
        return 130
    return 2


def _dispatch(arguments: list[str]) -> int:
    command, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if command in ("-h", "--help", "help"):
        return _help()
    if command in HANDED_OVER:
        return _hand_over(command, rest)
    if command not in COMMANDS:
        note(f"there is no command {command!r}; ./run --help lists the commands")
        return 2
    return _run(_parser(command).parse_args(rest), command)


def _hand_over(command: str, rest: list[str]) -> int:
    module, _, name = HANDED_OVER[command].partition(":")
    function: Callable[[list[str]], int] = getattr(import_module(f"deploy.local.{module}"), name)
    return function(rest)


def _help() -> int:
    print("usage: ./run COMMAND [--help] [options]\n")
    for name, purpose in COMMANDS.items():
        print(f"  {name:<12} {purpose}")
    return 0


def _parser(command: str) -> OneLineParser:
    parser = OneLineParser(prog=f"./run {command}", description=COMMANDS[command])
    if command in ("up", "status", "migrate"):
        parser.add_argument("--data-dir", metavar="DIR", help=DATA_DIR_HELP)
    if command == "status":
        parser.add_argument("--json", action="store_true", help="for programs")
    if command == "docs":
        parser.add_argument(
            "--to", type=Path, default=Path("site"), metavar="DIR", help="default: %(default)s"
        )
    if command == "up":
        count, port = number(1, 256), number(0, 65535)
        parser.add_argument(
            "--host",
            default="127.0.0.1",
            help="an IP address (%(default)s); any but loopback asks for keys",
        )
        parser.add_argument("--port", type=port, default=8000, help="%(default)s; 0: any free one")
        parser.add_argument("--workers", type=count, metavar="N", help="processes per stage")
        parser.add_argument("--predict-processes", type=count, metavar="N")
        parser.add_argument("--api-processes", type=count, default=1, metavar="N")
        parser.add_argument(
            "--metrics-port",
            type=number(1024, 65000),
            default=0,
            metavar="PORT",
            help="each process serves its own metrics, on this port and those behind it",
        )
        parser.add_argument(
            "--flower",
            type=port,
            nargs="?",
            const=5555,
            metavar="PORT",
            help="with Celery's dashboard (port %(const)s; 0: any free one)",
        )
        parser.add_argument(
            "--models", type=Path, action="append", default=[], metavar="DIR",
            help="a folder of your own models; may be repeated",
        )  # fmt: skip
    return parser


def _run(options: argparse.Namespace, command: str) -> int:
    if command == "check":
        from deploy.local.checks import check

        return check()
    if command == "docs":
        from deploy.local.site import docs

        return docs(options.to)
    from deploy.local.data_dir import DataDir

    if command == "status":
        from deploy.local.status import status

        return status(DataDir.chosen(options.data_dir), as_json=options.json)
    if command == "migrate":
        from deploy.local.migrate import migrate

        return migrate(DataDir.chosen(options.data_dir))
    if command == "demo":
        from deploy.local.demo import demo

        return demo()
    from deploy.local.processes import chosen_sizes
    from deploy.local.up import up

    return up(
        host=options.host,
        port=options.port,
        data_dir=options.data_dir,
        sizes=chosen_sizes(options.workers, options.predict_processes, options.api_processes),
        models_dirs=tuple(options.models),
        metrics_port=options.metrics_port,
        flower_port=options.flower,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
