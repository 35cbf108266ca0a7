"""`./run backup`: the database, the blobs that its rows refer to and the key of its secrets, copied
while everything runs."""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.data_dir import DATA_DIR_HELP, DataDir
from deploy.local.database import database_url
from deploy.local.one_line_parser import OneLineParser
from deploy.local.status import without_password
from deploy.local.terminal import note, say
from shared.db.revision import HEAD
from shared.errors import StartupRefused

DATABASE, BLOBS, KEY, MANIFEST = "queuecast.db", "blobs", "secrets.key", "backup.json"
FORMAT = 1

KINDS = ("inputs", "outputs", "files")
"""Not the tensors: a job that is unfinished begins anew after a restore."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds; it is written last, so one without it is not whole."""

    format: int
    revision: str
    made_at: str
    sha256: str | None
    jobs: int
    unfinished: int
    blobs: int

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Raises StartupRefused where there is no whole backup that this release can read."""
        try:
            found = cls(**json.loads((folder / MANIFEST).read_text()))
        except (OSError, ValueError, TypeError):
            raise StartupRefused(f"{folder} holds no whole backup: {MANIFEST} is missing") from None
        if found.format != FORMAT or found.revision > HEAD:
            raise StartupRefused(f"{folder} is a backup of a later release ({found.revision})")
        return found


def backup(arguments: Sequence[str]) -> int:
    """0 when the backup is whole and verified, 1 when the data folder itself lacks blobs."""
    parser = OneLineParser(prog="./run backup", description=__doc__)
    parser.add_argument("--data-dir", metavar="DIR", help=DATA_DIR_HELP)
    parser.add_argument("--to", metavar="DIR", required=True, help="an empty or new folder")
    parser.add_argument(
        "--without-database", action="store_true", help="blobs and key only, for PostgreSQL"
    )
    wanted = parser.parse_args(arguments)
    home, target = DataDir.chosen(wanted.data_dir), Path(wanted.to).absolute()
    return _backup(home, target, with_database=not wanted.without_database)


def _backup(data_dir: DataDir, target: Path, *, with_database: bool) -> int:
    if target.exists() and any(target.iterdir()):
        raise StartupRefused(f"{target} is not empty: a backup goes into a folder of its own")
    if with_database:
        _require_sqlite(data_dir)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    (target / BLOBS).mkdir(mode=0o700)  # the folder itself may be open to others
    # The blobs first, and what came meanwhile behind the rows: each row finds its blob, also where
    # retention takes one away in between.
    _copy_blobs(data_dir.path / BLOBS, target / BLOBS)
    jobs = unfinished = 0
    if with_database:
        copy_database(data_dir.path / DATABASE, target / DATABASE)
        jobs, unfinished = _counted(target / DATABASE)
    _copy_blobs(data_dir.path / BLOBS, target / BLOBS)
    if (data_dir.path / KEY).exists():
        shutil.copy2(data_dir.path / KEY, target / KEY)
    missing = missing_blobs(target) if with_database else []
    _write_manifest(target, jobs, unfinished)
    say(f"{target}: {jobs} jobs, {unfinished} of them unfinished, {_count(target / BLOBS)} blobs")
    if missing:
        note(f"{len(missing)} blobs are missing in {data_dir.path} itself, such as {missing[0]}")
    return 1 if missing else 0


def copy_database(source: Path, target: Path) -> None:
    """One moment of a database that others write to; raises StartupRefused if it is damaged."""
    if not source.exists():
        raise StartupRefused(f"{source}: there is no database")
    target.touch(mode=0o600)
    with closing(_opened(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)  # in one go: a copy in steps begins anew whenever somebody writes
        (verdict,) = new.execute("PRAGMA quick_check").fetchone()
    if verdict != "ok":
        raise StartupRefused(f"{source} is damaged: {verdict}")


def missing_blobs(folder: Path) -> list[str]:
    """References in the database of a backup whose blobs are not in it."""
    with closing(_opened(folder / DATABASE)) as connection:
        rows = connection.execute(
            "SELECT input_ref FROM job WHERE input_ref IS NOT NULL "
            "UNION SELECT output_ref FROM job WHERE output_ref IS NOT NULL"
        )
        return [reference for (reference,) in rows if not (folder / BLOBS / reference).is_file()]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_sqlite(data_dir: DataDir) -> None:
    running = data_dir.running()
    url = running["database_url"] if running else database_url(data_dir)
    if url != data_dir.database_url:
        raise StartupRefused(
            f"the database is {without_password(url)}: back it up by its own tools, and the rest "
            "with --without-database (docs/5-run-it.md)"
        )
    if os.environ.get("QUEUECAST_BLOBS_URL"):
        note("the blobs are in a bucket: copy that by its own tools, behind this")


def _copy_blobs(source: Path, target: Path) -> None:
    """Those that are not there yet; one never changes under its name."""
    for kind in KINDS:
        (target / kind).mkdir(parents=True, exist_ok=True)
        for path in _blobs(source / kind):
            if not (target / kind / path.name).exists():
                _copy(path, target / kind / path.name)


def _copy(source: Path, target: Path) -> None:
    draft = target.with_name(f".{target.name}")
    try:
        shutil.copy2(source, draft)
    except FileNotFoundError:  # nobody needed it any more
        return
    draft.replace(target)


def _blobs(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if not path.name.startswith("."))


def _counted(database: Path) -> tuple[int, int]:
    with closing(_opened(database)) as connection:
        (jobs,) = connection.execute("SELECT count(*) FROM job").fetchone()
        unfinished = "SELECT count(*) FROM job WHERE status = 'queued'"
        return jobs, connection.execute(unfinished).fetchone()[0]


def _write_manifest(folder: Path, jobs: int, unfinished: int) -> None:
    database = folder / DATABASE
    sha256 = sha256_of(database) if database.exists() else None
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    held = Manifest(FORMAT, HEAD, made_at, sha256, jobs, unfinished, _count(folder / BLOBS))
    os.sync()  # what it says is whole must be on the disk before it
    (folder / MANIFEST).write_text(json.dumps(asdict(held), indent=2) + "\n")
    os.sync()


def _count(folder: Path) -> int:
    return sum(1 for kind in KINDS for _ in _blobs(folder / kind))


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
