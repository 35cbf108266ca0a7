import os
from pathlib import Path

import pytest

from shared.payloads.directory import CUT_OFF_SECONDS, DirectoryBlobs
from shared.payloads.references import Kind

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
REFERENCE = f"inputs/{ID}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "not" / "there" / "yet"


@pytest.fixture
def blobs(folder: Path) -> DirectoryBlobs:
    return DirectoryBlobs(folder)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_nothing_but_the_blob_is_left(blobs, folder) -> None:
    blobs.put(REFERENCE, b"data", synced=True)
    assert files(folder) == [ID]


def test_a_synced_put_reaches_file_and_folder(blobs, folder, monkeypatch) -> None:
    """What a crash leaves cannot be tested here; that both are asked for can."""
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd)),
    )
    blobs.put(REFERENCE, b"data", synced=True)
    file, parent = synced
    assert file.startswith(f"{folder}/inputs/.{ID}.")
    assert parent == f"{folder}/inputs"


def test_a_put_that_fails_leaves_the_old_one_and_nothing_else(blobs, folder) -> None:
    blobs.put(REFERENCE, b"old", synced=True)
    with pytest.raises(TypeError):
        blobs.put(REFERENCE, "text", synced=True)
    assert blobs.get(REFERENCE) == b"old"
    assert files(folder) == [ID]


def test_a_folder_that_is_away_says_nothing_against_a_blob(blobs) -> None:
    with pytest.raises(OSError, match="away"):
        blobs.holds(REFERENCE)


def test_a_listing_removes_what_a_crash_cut_off(blobs, folder) -> None:
    blobs.put(REFERENCE, b"data", synced=False)
    old, young = (folder / "inputs" / f".{ID}.{pid}" for pid in (1, 2))
    for path in (old, young):
        path.write_bytes(b"half of it")
    long_ago = young.stat().st_mtime - CUT_OFF_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    assert [one.reference for one in blobs.listed(Kind.INPUTS)] == [REFERENCE]
    assert files(folder) == sorted([ID, young.name])


def test_a_listing_leaves_alone_what_is_not_ours(blobs, folder) -> None:
    (folder / "inputs").mkdir(parents=True)
    (folder / "inputs" / "notes.txt").write_text("mine")
    assert list(blobs.listed(Kind.INPUTS)) == []
    assert files(folder) == ["notes.txt"]
