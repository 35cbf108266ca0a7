"""Files for others to read, in a directory and in a bucket."""

from pathlib import Path

import pytest

from shared.payloads.object_store import open_store
from shared.payloads.shelves import BucketShelf, FolderShelf, Shelf


@pytest.fixture(params=["folder", "bucket"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "folder":
        return FolderShelf(tmp_path / "shelf")
    return BucketShelf(open_store(request.getfixturevalue("bucket"), "--to"))


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    file = tmp_path / "draft"
    file.write_text("whole")
    return file


def test_what_was_put_is_there_and_the_draft_is_not(shelf: Shelf, draft: Path) -> None:
    assert not shelf.holds("date=1/a.csv")
    shelf.put("date=1/a.csv", draft)
    assert shelf.holds("date=1/a.csv")
    assert not draft.exists()


def test_it_takes_the_place_of_what_was(tmp_path: Path, draft: Path) -> None:
    shelf = FolderShelf(tmp_path / "shelf")
    shelf.put("a", draft)
    draft.write_text("anew")
    shelf.put("a", draft)
    assert (tmp_path / "shelf" / "a").read_text() == "anew"


def test_a_folder_is_listed_by_itself(shelf: Shelf, draft: Path) -> None:
    for path in ("date=1/b", "date=1/c/a", "date=2/a"):
        draft.write_text("whole")
        shelf.put(path, draft)
    assert shelf.listed("date=1") == ["date=1/b", "date=1/c/a"]
    assert shelf.listed("date=3") == []


def test_what_is_deleted_is_gone_and_may_have_been(shelf: Shelf, draft: Path) -> None:
    shelf.put("a", draft)
    shelf.delete("a")
    assert not shelf.holds("a")
    shelf.delete("a")


def test_what_a_kill_left_half_written_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "date=1").mkdir()
    (tmp_path / "date=1" / ".a.csv.partial").write_text("ha")
    assert FolderShelf(tmp_path).listed("date=1") == []
