from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from shared.errors import JobInputGone
from shared.payloads.blobs import Blobs
from shared.payloads.directory import DirectoryBlobs
from shared.payloads.object_store import ObjectBlobs
from shared.payloads.references import Kind

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
REFERENCE = f"inputs/{ID}"


@pytest.fixture(params=["directory", "memory", "local", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path, clock) -> Blobs:
    """An empty store of each kind."""
    if request.param == "directory":
        return DirectoryBlobs(tmp_path / "not" / "there" / "yet")
    if request.param == "s3":
        return ObjectBlobs.open(request.getfixturevalue("bucket"), clock)
    from obstore.store import LocalStore, MemoryStore

    store = MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "x", mkdir=True)
    return ObjectBlobs(store, clock)


@pytest.mark.parametrize("synced", [True, False])
@pytest.mark.parametrize("reference", [REFERENCE, f"tensors/{ID}.3", f"outputs/{ID}.3.0a1b2c3d"])
def test_what_was_put_comes_back(blobs, reference: str, synced: bool) -> None:
    assert blobs.put(reference, b"\0data", synced=synced) == reference
    assert blobs.get(reference) == b"\0data"
    assert blobs.holds(reference)


def test_a_large_one_comes_back(blobs) -> None:
    data = bytes(range(256)) * (16 << 12)
    blobs.put(REFERENCE, data, synced=True)
    assert blobs.get(REFERENCE) == data


def test_putting_again_replaces(blobs) -> None:
    blobs.put(REFERENCE, b"longer", synced=True)
    blobs.put(REFERENCE, b"new", synced=True)
    assert blobs.get(REFERENCE) == b"new"


def test_a_file_is_put_from_where_it_stands_and_comes_back_in_chunks(blobs) -> None:
    data = bytes(range(256)) * (3 << 10)
    file = BytesIO(b"head" + data)
    file.seek(4)
    assert blobs.put_file(f"files/{ID}", file, synced=True) == f"files/{ID}"
    assert b"".join(blobs.chunks(f"files/{ID}")) == data


def test_the_first_chunk_says_that_a_blob_is_gone(blobs) -> None:
    with pytest.raises(JobInputGone):
        next(blobs.chunks(f"files/{ID}"))


def test_a_missing_blob_says_that_it_is_gone(blobs) -> None:
    blobs.put(REFERENCE, b"data", synced=False)
    other = REFERENCE.replace("8057", "8058")
    assert not blobs.holds(other)
    with pytest.raises(JobInputGone):
        blobs.get(other)


def test_deleting_twice_is_no_error(blobs) -> None:
    blobs.put(REFERENCE, b"data", synced=False)
    blobs.delete(REFERENCE)
    blobs.delete(REFERENCE)
    with pytest.raises(JobInputGone):
        blobs.get(REFERENCE)


def test_several_are_deleted_at_once_and_none_is_fine(blobs) -> None:
    names = [blobs.put(f"tensors/{ID}.{n}", b"data", synced=False) for n in range(3)]
    blobs.delete(*names[:2])
    blobs.delete()
    assert [blobs.holds(name) for name in names] == [False, False, True]


def test_a_kind_is_listed_with_its_times(blobs) -> None:
    names = {blobs.put(f"outputs/{ID}.{n}.0a1b2c3d", b"data", synced=True) for n in range(5)}
    blobs.put(REFERENCE, b"data", synced=True)
    found = list(blobs.listed(Kind.OUTPUTS))
    assert {one.reference for one in found} == names
    assert len(found) == 5
    now = datetime.now(UTC)
    assert all(abs(now - one.written_at) < timedelta(seconds=60) for one in found)


def test_a_listing_goes_on_while_what_it_found_is_deleted(blobs) -> None:
    names = {blobs.put(f"tensors/{ID}.{n}", b"data", synced=False) for n in range(30)}
    seen = set()
    for one in blobs.listed(Kind.TENSORS):
        seen.add(one.reference)
        blobs.delete(one.reference)
    assert seen == names
    assert list(blobs.listed(Kind.TENSORS)) == []


def test_an_empty_store_lists_nothing(blobs) -> None:
    assert [list(blobs.listed(kind)) for kind in Kind] == [[], [], [], []]


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
    calls = (blobs.get, blobs.delete, blobs.holds, lambda one: blobs.put(one, b"", synced=False))
    for call in calls:
        with pytest.raises(ValueError, match="no blob reference"):
            call(reference)
