"""`./run restore`: a data folder from a backup. Redis begins empty: SQL knows what is owed."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from deploy.local.backup import (
    BLOBS,
    DATABASE,
    KEY,
    Manifest,
    copy_database,
    missing_blobs,
    sha256_of,
)
from deploy.local.data_dir import DATA_DIR_HELP, DataDir
from deploy.local.one_line_parser import OneLineParser
from deploy.local.terminal import note, say
from shared.errors import StartupRefused

DRAFT = ".restoring"


def restore(arguments: Sequence[str]) -> int:
    """0 when it is done; refuses a folder that holds anything, or that a system runs over."""
    parser = OneLineParser(prog="./run restore", description=__doc__)
    parser.add_argument("--data-dir", metavar="DIR", help=DATA_DIR_HELP)
    parser.add_argument("--from", metavar="DIR", required=True, dest="source", help="a backup")
    wanted = parser.parse_args(arguments)
    return _restore(DataDir.chosen(wanted.data_dir), Path(wanted.source).absolute())


def _restore(data_dir: DataDir, folder: Path) -> int:
    held = Manifest.read(folder)
    if held.sha256 is not None and sha256_of(folder / DATABASE) != held.sha256:
        raise StartupRefused(f"{folder / DATABASE} is not the file that was backed up")
    with data_dir.claimed():
        _require_empty(data_dir)
        draft = data_dir.path / DRAFT
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        _copy(folder, draft)
        for name in (BLOBS, KEY, DATABASE):  # the database last: without it nothing has happened
            if (draft / name).exists():
                (draft / name).replace(data_dir.path / name)
        draft.rmdir()
    if held.sha256 is not None and (missing := missing_blobs(data_dir.path)):
        note(f"{len(missing)} blobs were missing in the backup already")
    say(f"{data_dir.path}: {held.jobs} jobs as of {held.made_at}; {held.unfinished} run again")
    return 0


def _require_empty(data_dir: DataDir) -> None:
    for name in (DATABASE, KEY, BLOBS, "redis"):
        path = data_dir.path / name
        if path.is_file() or (path.is_dir() and any(one.is_file() for one in path.rglob("*"))):
            raise StartupRefused(f"{path} is there: restore into an empty folder")
        if path.is_dir():
            shutil.rmtree(path)


def _copy(folder: Path, draft: Path) -> None:
    shutil.copytree(folder / BLOBS, draft / BLOBS)
    if (folder / KEY).exists():
        shutil.copy2(folder / KEY, draft / KEY)
    if (folder / DATABASE).exists():
        copy_database(folder / DATABASE, draft / DATABASE)
