import os
from pathlib import Path

import pytest

from shared.errors import JobInputGone
from shared.payloads.blobs import Blobs

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
REFERENCE = f"inputs/{ID}"


@pytest.fixture
def blobs(tmp_path) -> Blobs:
    return Blobs(tmp_path / "not" / "there" / "yet")


@pytest.mark.parametrize("synced", [True, False])
@pytest.mark.parametrize("reference", [REFERENCE, f"tensors/{ID}.3"])
def test_what_was_put_comes_back(blobs, reference: str, synced: bool) -> None:
    assert blobs.put(reference, b"\0data", synced=synced) == reference
    assert blobs.get(reference) == b"\0data"


def test_putting_again_replaces(blobs) -> None:
    blobs.put(REFERENCE, b"longer", synced=True)
    blobs.put(REFERENCE, b"new", synced=True)
    assert blobs.get(REFERENCE) == b"new"


def test_nothing_but_the_blob_is_left(blobs, tmp_path) -> None:
    blobs.put(REFERENCE, b"data", synced=True)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [ID]


def test_a_synced_put_reaches_file_and_folder(blobs, tmp_path, monkeypatch) -> None:
    """What a crash leaves cannot be tested here; that both are asked for can."""
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd)),
    )
    blobs.put(REFERENCE, b"data", synced=True)
    folder = tmp_path / "not" / "there" / "yet" / "inputs"
    assert synced == [f"{folder}/.{ID}.{os.getpid()}", str(folder)]


def test_a_put_that_fails_leaves_the_old_one(blobs) -> None:
    blobs.put(REFERENCE, b"old", synced=True)
    with pytest.raises(TypeError):
        blobs.put(REFERENCE, "text", synced=True)
    assert blobs.get(REFERENCE) == b"old"


def test_a_missing_blob_says_that_the_input_is_gone(blobs) -> None:
    with pytest.raises(JobInputGone):
        blobs.get(REFERENCE)


def test_deleting_twice_is_no_error(blobs) -> None:
    blobs.put(REFERENCE, b"data", synced=False)
    blobs.delete(REFERENCE)
    blobs.delete(REFERENCE)
    with pytest.raises(JobInputGone):
        blobs.get(REFERENCE)


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "inputs/",
        f"inputs/../{ID}",
        f"/etc/{ID}",
        f"other/{ID}",
        f"inputs/{ID}/x",
        f"inputs/{ID[:-1]}",
        f"inputs/{ID}.1.2",
        f"inputs/{'../' * 12}",
        f"inputs/{ID}\0",
        f"inputs/{ID}\n",
    ],
)
def test_no_reference_leads_elsewhere(blobs, reference: str) -> None:
    for call in (blobs.get, blobs.delete, lambda one: blobs.put(one, b"", synced=False)):
        with pytest.raises(ValueError, match="no blob reference"):
            call(reference)
