"""`./run locust`: users that behave like people and programs, against a running system."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from deploy.local.data_dir import DataDir
from deploy.local.locked_environment import python_of
from deploy.local.one_line_parser import OneLineParser, number
from deploy.local.paths import ROOT
from deploy.local.terminal import note
from shared.errors import StartupRefused

SWARM = ROOT / "loadtests" / "swarm"
SHAPES = ("ramp", "spike", "soak")


def locust(arguments: Sequence[str]) -> int:
    """Becomes Locust, whose exit code is 1 where too much failed; raises StartupRefused."""
    options = _parser().parse_args(arguments)
    host = options.host or (DataDir.chosen(None).running() or {}).get("api_url")
    if not host:
        raise StartupRefused("nothing runs here: ./run up starts it, --host names another")
    lock = SWARM / "requirements.lock"
    tools = ROOT / ".venv" / "tools"
    if not tools.is_dir():
        note("Locust is installed first, in an environment of its own")
    python = python_of("locust", lock, tools)
    command = [str(python), "-m", "locust", "-f", str(SWARM / "locustfile.py"), "--host", host]
    os.environ |= _environment(options)
    os.execv(command[0], command + (_web() if options.ui else _headless(options)))  # noqa: S606


def _environment(options: argparse.Namespace) -> dict[str, str]:
    return {
        "SWARM_FAILURES_MAX": f"{options.failures_max / 100:g}",
        "SWARM_SECONDS": str(options.seconds),
        "SWARM_SHAPE": options.shape or "",
        "SWARM_USERS": str(options.users),
    }


def _web() -> list[str]:
    """For this machine alone: it has no keys, and starts load for whoever reaches it."""
    return ["--web-host", "127.0.0.1"]


def _headless(options: argparse.Namespace) -> list[str]:
    report = Path(options.report)
    report.mkdir(parents=True, exist_ok=True)
    files = ["--html", str(report / "report.html"), "--csv", str(report / "swarm")]
    how = ["--headless", "--only-summary", "--stop-timeout", "15"]
    if not options.shape:
        how += ["--users", str(options.users), "--spawn-rate", str(max(1, options.users // 5))]
        how += ["--run-time", f"{options.seconds}s"]
    users: list[str] = options.user
    return [*how, *files, *users]


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog="./run locust", description="Users against a running system, by Locust."
    )
    parser.add_argument("user", nargs="*", help="only these classes of users, such as PollingUser")
    parser.add_argument("--host", help="the base URL (default: what ./run up runs here)")
    parser.add_argument("--users", type=number(1, 10_000), default=20, help="%(default)s")
    parser.add_argument("--seconds", type=number(1, 86_400), default=30, help="%(default)s")
    parser.add_argument("--shape", choices=SHAPES, help="how many users when; else all the time")
    parser.add_argument("--report", default="swarm-report", metavar="DIR", help="%(default)s")
    parser.add_argument(
        "--failures-max", type=_percent, default=0.0, metavar="PERCENT", help="%(default)s"
    )
    parser.add_argument("--ui", action="store_true", help="Locust's page on 127.0.0.1:8089")
    return parser


def _percent(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return found
