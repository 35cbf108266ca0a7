"""`./run dead-letters`: jobs that the service failed; look at them, send them again, remove."""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from deploy.local.data_dir import DATA_DIR_HELP, DataDir
from deploy.local.one_line_parser import OneLineParser, number
from deploy.local.terminal import note, say
from shared.domain.failures import OPERATORS
from shared.errors import Expired, NotFound, StartupRefused

if TYPE_CHECKING:
    from redis import Redis
    from sqlalchemy import Engine, RowMapping

    from shared.jobs.dead_letters import Wanted

HOURS_MAX = 24 * 3650
SHOWN_MAX = 10_000

_COLUMNS = {"id": 36, "model": 20, "error_code": 21, "crashes": 7, "died_at": 16}


def dead_letters(arguments: Sequence[str]) -> int:
    """0 when it is done; raises StartupRefused when it cannot be done."""
    from deploy.local.database import opened_database

    wanted = _parser().parse_args(arguments)
    home = DataDir.chosen(wanted.data_dir)
    command: Callable[[_Letters, argparse.Namespace], None] = wanted.command
    with opened_database(home) as engine:
        try:
            command(_Letters(engine, home), wanted)
        except (NotFound, Expired) as error:
            raise StartupRefused(error.detail) from None
    return 0


class _Letters:
    """The letters of all tenants."""

    def __init__(self, engine: "Engine", home: DataDir) -> None:
        from shared.clock import SystemClock
        from shared.jobs.dead_letter_office import DeadLetterOffice
        from shared.settings import Settings

        settings = Settings.model_validate({"redis_url": "", "data_dir": home.path})
        self.office: DeadLetterOffice = DeadLetterOffice(
            engine, SystemClock(), settings, _redis(home)
        )
        self._engine = engine

    def chosen(self, options: argparse.Namespace) -> "Iterator[Wanted]":
        """What the options choose, for one tenant after the other."""
        from shared.db.engine import reading
        from shared.jobs import dead_letters
        from shared.jobs.dead_letters import Wanted

        with reading(self._engine) as connection:
            tenants = dead_letters.tenants(connection)
        hours = options.hours
        since = datetime.now(UTC) - timedelta(hours=hours) if hours else None
        retried = None if getattr(options, "all", True) else False
        for tenant in tenants:
            if options.tenant in (None, tenant):
                yield Wanted(tenant, options.model, options.code, retried, since)

    def listed(self, wanted: "Wanted") -> "Iterator[RowMapping]":
        edge = None
        while True:
            found = self.office.page(wanted, 100, edge)
            yield from found.rows
            edge = found.edge
            if edge is None:
                return

    def find(self, job_id: str) -> "RowMapping":
        """A letter of whatever tenant; raises NotFound."""
        from shared.db.engine import reading
        from shared.jobs import store

        with reading(self._engine) as connection:
            rows = store.read_many(connection, [job_id])
        if not rows:
            raise NotFound("there is no dead letter with this id")
        return self.office.get(rows[0]["tenant"], job_id)


def _redis(home: DataDir) -> "Redis | None":
    """That of the system which runs over this folder, or the one that is named."""
    from redis import Redis

    running = home.running() or {}
    url = running.get("redis_url") or os.environ.get("QUEUECAST_REDIS_URL")
    return Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) if url else None


def _list(letters: _Letters, options: argparse.Namespace) -> None:
    rows = (row for wanted in letters.chosen(options) for row in letters.listed(wanted))
    found = [_shown(row) for row in islice(rows, options.limit)]
    if options.json:
        say(json.dumps(found))
    elif found:
        for cells in ({name: name for name in _COLUMNS}, *found):
            padded = (f"{cells[name]!s:<{width}}" for name, width in _COLUMNS.items())
            say("  ".join(padded).rstrip())
    else:
        note("there is no dead letter that waits; --all lists those, too, that were sent again")


def _show(letters: _Letters, options: argparse.Namespace) -> None:
    shown = _shown(letters.find(options.id))
    if options.json:
        say(json.dumps(shown))
        return
    for name, value in shown.items():
        say(f"{name:<11}  {'-' if value is None else value}")


def _retry(letters: _Letters, options: argparse.Namespace) -> None:
    if options.id:
        made = letters.office.retry(letters.find(options.id)["tenant"], options.id)
        say(made["id"])
        note("sent again as this job; the sweeper dispatches it")
        return
    count = _each(letters, options, letters.office.retry_all)
    note(f"{count} sent again; the sweeper dispatches them")


def _purge(letters: _Letters, options: argparse.Namespace) -> None:
    if options.id:
        letters.office.purge(letters.find(options.id)["tenant"], options.id)
        note("removed")
        return
    note(f"{_each(letters, options, letters.office.purge_all)} removed")


def _each(letters: _Letters, options: argparse.Namespace, act: "Callable[[Wanted], Any]") -> int:
    """Of all tenants, a thousand at a time."""
    count = 0
    for wanted in letters.chosen(options):
        done = act(wanted)
        while done.letters and done.more:
            count += done.letters
            done = act(wanted)
        count += done.letters
    return count


def _shown(row: "RowMapping") -> dict[str, Any]:
    names = ("id", "tenant", "model", "version", "error_code", "error", "crashes", "retried_as")
    moment = row["completed_at"].strftime("%Y-%m-%d %H:%M")
    return {name: row[name] for name in names} | {"died_at": moment}


def _parser() -> OneLineParser:
    parser = OneLineParser(prog="./run dead-letters", description="Jobs that the service failed.")
    commands = parser.add_subparsers(required=True, metavar="list|show|retry|purge")

    def add(name: str, command: Callable[..., None], purpose: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=purpose, description=purpose)
        added.add_argument("--data-dir", metavar="DIR", help=DATA_DIR_HELP)
        added.set_defaults(command=command)
        return added

    listing = add("list", _list, "those that nobody has sent again")
    _choose(listing)
    listing.add_argument("--all", action="store_true", help="also those that were sent again")
    listing.add_argument("--limit", type=number(1, SHOWN_MAX), default=100, help="%(default)s")
    listing.add_argument("--json", action="store_true", help="for programs")
    show = add("show", _show, "all that is known of one")
    show.add_argument("id", type=_id)
    show.add_argument("--json", action="store_true", help="for programs")
    for name, command, purpose in (
        ("retry", _retry, "send one again as a new job, or all that are chosen"),
        ("purge", _purge, "remove one with its job, or all that are chosen"),
    ):
        added = add(name, command, purpose)
        which = added.add_mutually_exclusive_group(required=True)
        which.add_argument("id", type=_id, nargs="?")
        which.add_argument("--all", action="store_true", help="all, or those of the options below")
        _choose(added)
    return parser


def _choose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", help="only this one's")
    parser.add_argument("--model", help="only of this model")
    parser.add_argument("--code", choices=[str(code) for code in OPERATORS], help="why they failed")
    parser.add_argument(
        "--hours", type=number(1, HOURS_MAX), metavar="N", help="died in the last N hours"
    )


def _id(text: str) -> str:
    from shared.domain.ids import parse_job_id

    found = parse_job_id(text)
    if found is None:
        raise argparse.ArgumentTypeError("an id is a UUID")
    return found
