import json
import sqlite3
from pathlib import Path

import pytest

from deploy.local.backup import DATABASE, MANIFEST, backup
from deploy.local.data_dir import DataDir
from deploy.local.restore import restore
from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.errors import StartupRefused
from shared.jobs import lifecycle, store
from shared.jobs.lifecycle import End
from shared.payloads.directory import DirectoryBlobs
from shared.payloads.references import new_input, new_output, new_tensors


@pytest.fixture
def home(tmp_path, monkeypatch) -> DataDir:
    monkeypatch.delenv("QUEUECAST_DATABASE_URL", raising=False)
    home = DataDir(tmp_path / "data")
    home.prepare()
    upgrade(home.database_url)
    return home


@pytest.fixture
def jobs(home, new_job, settings, clock) -> list[str]:
    """One that has succeeded with a large output, one that is unfinished with a large input."""
    ended, unfinished = new_job(), new_job()
    blobs = DirectoryBlobs(home.path / "blobs")
    given = blobs.put(new_input(), b"input", synced=False)
    made = blobs.put(new_output(ended.id, 1), b"output", synced=False)
    blobs.put(new_tensors(unfinished.id, 1), b"tensors", synced=False)
    engine = create_database_engine(home.database_url)
    with writing(engine) as connection:
        store.insert(connection, [ended.row(settings, None), unfinished.row(settings, given)])
        success = Outcome(State.SUCCEEDED, output_ref=made)
        lifecycle.finish(connection, [End(ended.id, 1, success)], clock.now())
    engine.dispose()
    return [ended.id, unfinished.id]


def rows(home: DataDir, job_ids):
    engine = create_database_engine(home.database_url)
    with reading(engine) as connection:
        found = {row["id"]: dict(row) for row in store.read_many(connection, job_ids)}
    engine.dispose()
    return found


def blobs_of(folder: Path) -> set[tuple[str, bytes]]:
    files = (one for one in (folder / "blobs").rglob("*") if one.is_file())
    return {(str(one.relative_to(folder)), one.read_bytes()) for one in files}


@pytest.fixture
def copy(home, jobs, tmp_path) -> Path:
    assert backup(["--data-dir", str(home.path), "--to", str(tmp_path / "copy")]) == 0
    return tmp_path / "copy"


def run_restore(copy: Path, target: Path) -> int:
    return restore(["--from", str(copy), "--data-dir", str(target)])


def test_what_was_backed_up_reads_the_same(home, jobs, copy, tmp_path) -> None:
    again = DataDir(tmp_path / "again")
    assert run_restore(copy, again.path) == 0
    assert rows(again, jobs) == rows(home, jobs)
    kept = {one for one in blobs_of(home.path) if not one[0].startswith("blobs/tensors")}
    assert len(kept) == 2 and blobs_of(again.path) == kept
    assert (again.path / "secrets.key").read_bytes() == (home.path / "secrets.key").read_bytes()
    assert (again.path / "secrets.key").stat().st_mode & 0o777 == 0o600


def test_others_cannot_read_it_in_an_open_folder(home, jobs, tmp_path) -> None:
    target = tmp_path / "open"
    target.mkdir(mode=0o755)
    assert backup(["--data-dir", str(home.path), "--to", str(target)]) == 0
    held = [target / DATABASE, target / "blobs", target / "secrets.key"]
    assert [one.stat().st_mode & 0o077 for one in held] == [0, 0, 0]


def test_it_is_one_moment_of_a_database_that_others_write_to(home, jobs, copy, tmp_path) -> None:
    writer = sqlite3.connect(home.path / DATABASE, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM job")
    assert backup(["--data-dir", str(home.path), "--to", str(tmp_path / "second")]) == 0
    writer.execute("COMMIT")
    writer.close()
    assert json.loads((tmp_path / "second" / MANIFEST).read_text())["jobs"] == 2
    assert rows(home, jobs) == {}


def test_a_blob_that_rows_refer_to_and_nobody_has_is_told(home, jobs, tmp_path, capsys) -> None:
    (given,) = (home.path / "blobs" / "inputs").iterdir()
    given.unlink()
    assert backup(["--data-dir", str(home.path), "--to", str(tmp_path / "copy")]) == 1
    assert f"1 blobs are missing in {home.path} itself" in capsys.readouterr().err


def test_a_folder_that_holds_something_is_refused(home, jobs, copy) -> None:
    with pytest.raises(StartupRefused, match="is not empty"):
        backup(["--data-dir", str(home.path), "--to", str(copy)])
    with pytest.raises(StartupRefused, match="restore into an empty folder"):
        run_restore(copy, home.path)


def test_a_running_system_is_not_restored_over(copy, tmp_path) -> None:
    again = DataDir(tmp_path / "again")
    with again.claimed(), pytest.raises(StartupRefused, match="is running over"):
        run_restore(copy, again.path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda copy: (copy / MANIFEST).unlink(), "no whole backup"),
        (lambda copy: (copy / DATABASE).write_bytes(b"SQLite"), "not the file"),
        (
            lambda copy: (copy / MANIFEST).write_text(
                (copy / MANIFEST).read_text().replace('"revision": "0', '"revision": "9')
            ),
            "later release",
        ),
    ],
)
def test_what_is_no_whole_backup_is_refused(copy, tmp_path, damage, said) -> None:
    damage(copy)
    with pytest.raises(StartupRefused, match=said):
        run_restore(copy, tmp_path / "again")
    assert not (tmp_path / "again" / DATABASE).exists()


def test_another_database_is_backed_up_by_its_own_tools(home, jobs, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("QUEUECAST_DATABASE_URL", "postgresql+psycopg://user:secret@host/name")
    where = ["--data-dir", str(home.path), "--to", str(tmp_path / "copy")]
    with pytest.raises(StartupRefused, match="by its own tools") as refused:
        backup(where)
    assert "secret" not in refused.value.detail
    assert backup([*where, "--without-database"]) == 0
    again = tmp_path / "again"
    assert run_restore(tmp_path / "copy", again) == 0
    assert len(blobs_of(again)) == 2 and not (again / DATABASE).exists()
