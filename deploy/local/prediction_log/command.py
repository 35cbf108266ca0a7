"""`./run log`: export the prediction log to files, or erase what a tenant has left."""

import argparse
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.local.data_dir import DATA_DIR_HELP, DataDir
from deploy.local.one_line_parser import OneLineParser
from deploy.local.terminal import note, say
from shared.errors import StartupRefused

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from shared.payloads.shelves import Shelf

FORMATS = ("parquet", "csv", "jsonl")


def log(arguments: Sequence[str]) -> int:
    """0 when it is done; raises StartupRefused when it cannot be done."""
    from deploy.local.database import opened_database

    wanted = _parser().parse_args(arguments)
    home = DataDir.chosen(wanted.data_dir)
    with opened_database(home) as engine:
        wanted.command(engine, home, wanted)
    return 0


def _export(engine: "Engine", _home: DataDir, wanted: argparse.Namespace) -> None:
    from deploy.local.prediction_log.exporting import Export

    export = Export(
        engine, _shelf(wanted.to), wanted.format, datetime.now(UTC), since=wanted.since,
        until=wanted.until, tenant=wanted.tenant, model=wanted.model, again=wanted.again,
    )  # fmt: skip
    rows = files = 0
    for one in export.run():
        rows, files = rows + one.rows, files + one.files
        if one.done_before:
            note(f"{one.day} of {one.tenant} was exported before; --again does it again")
        elif one.files:
            note(f"{one.day} of {one.tenant}: {one.rows} rows in {one.files} files")
    say(f"{rows} rows in {files} files below {wanted.to}")


def _erase(engine: "Engine", home: DataDir, wanted: argparse.Namespace) -> None:
    from redis import RedisError

    from shared.container import Container
    from shared.domain.names import Keys
    from shared.jobs.eraser import Eraser
    from shared.jobs.erasure import Wanted
    from shared.settings import Settings

    settings = Settings(redis_url=_redis_url(home), data_dir=home.path)
    parts = Container(settings, served={})
    eraser = Eraser(engine, parts.redis, parts.blobs, Keys(settings.key_prefix))
    try:
        erased = eraser.erase(Wanted(wanted.tenant, wanted.before, wanted.id))
    except RedisError as error:
        raise StartupRefused(f"Redis cannot be reached now: {type(error).__name__}") from None
    say(
        f"erased of {wanted.tenant}: {erased.jobs} jobs, {erased.logged} more rows of the log, "
        f"{erased.files} files"
    )
    if erased.unfinished:
        note(f"{erased.unfinished} jobs have not ended: cancel them, or erase again later")


def _redis_url(home: DataDir) -> Any:
    """That of the system which runs over this folder, or the one that is named."""
    import os

    from pydantic import SecretStr

    url = (home.running() or {}).get("redis_url") or os.environ.get("QUEUECAST_REDIS_URL")
    if not url:
        raise StartupRefused(
            f"nothing runs over {home.path}: results are in its Redis, too; start it with ./run up"
        )
    return SecretStr(url)


def _shelf(to: str) -> "Shelf":
    """Raises StartupRefused."""
    from shared.payloads.object_store import open_store
    from shared.payloads.shelves import BucketShelf, FolderShelf

    if "://" in to:
        return BucketShelf(open_store(to, "--to"))
    return FolderShelf(Path(to).absolute())


def _parser() -> OneLineParser:
    parser = OneLineParser(prog="./run log", description="The prediction log, in files or erased.")
    commands = parser.add_subparsers(required=True, metavar="export|erase")

    def add(name: str, command: Any, purpose: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=purpose, description=purpose)
        added.add_argument("--data-dir", metavar="DIR", help=DATA_DIR_HELP)
        added.set_defaults(command=command)
        return added

    export = add("export", _export, "write it to files by day and model, for a warehouse")
    export.add_argument(
        "--to", required=True, metavar="DIR", help="a folder, or s3://bucket/prefix"
    )
    export.add_argument("--format", choices=FORMATS, default="parquet", help="%(default)s")
    export.add_argument("--since", type=_day, metavar="DAY", help="2026-01-02; else the first")
    export.add_argument("--until", type=_day, metavar="DAY", help="the last one; else today")
    export.add_argument("--model", type=_name, help="only this one's")
    export.add_argument("--tenant", type=_name, help="only this one's")
    export.add_argument("--again", action="store_true", help="days that were exported before, too")
    erase = add(
        "erase", _erase, "erase jobs, payloads, results, log, webhooks and files of a tenant"
    )
    erase.add_argument("--tenant", type=_name, required=True)
    some = erase.add_mutually_exclusive_group(required=True)
    some.add_argument("--all", action="store_true", help="everything that has ended")
    some.add_argument("--before", type=_moment, metavar="MOMENT", help="what came before, in UTC")
    some.add_argument("--id", type=_id, action="append", metavar="ID", help="this job; repeatable")
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-01-02") from None


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no moment such as 2026-01-02T12:00"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _name(text: str) -> str:
    from models.manifest import is_name

    if not is_name(text):
        raise argparse.ArgumentTypeError("a name is of a-z 0-9 . _ - and 64 at most")
    return text


def _id(text: str) -> str:
    from shared.domain.ids import parse_job_id

    found = parse_job_id(text)
    if found is None:
        raise argparse.ArgumentTypeError("an id is a UUID")
    return found
