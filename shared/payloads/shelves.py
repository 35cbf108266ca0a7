"""Files for others to read, in a directory or in a bucket: each is whole, or not there."""

import os
import shutil
from pathlib import Path
from typing import Any, Protocol


class Shelf(Protocol):
    """Paths are relative, with slashes."""

    def put(self, path: str, file: Path) -> None:
        """Moves a file there, over what was; raises OSError."""

    def holds(self, path: str) -> bool: ...

    def delete(self, path: str) -> None:
        """Also where there is none."""

    def listed(self, folder: str) -> list[str]:
        """The paths below it, in their order."""


class FolderShelf:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, path: str, file: Path) -> None:
        """On the disk under its name only when all of it is there."""
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.partial")
        shutil.move(file, draft)
        with draft.open("rb") as whole:
            os.fsync(whole.fileno())
        draft.replace(target)

    def holds(self, path: str) -> bool:
        return (self._folder / path).is_file()

    def delete(self, path: str) -> None:
        (self._folder / path).unlink(missing_ok=True)

    def listed(self, folder: str) -> list[str]:
        root = self._folder / folder
        files = (one for one in root.rglob("*") if one.is_file() and one.name[0] != ".")
        return sorted(one.relative_to(self._folder).as_posix() for one in files)


class BucketShelf:
    """By nature atomic; see `object_store.open_store` for the URL."""

    def __init__(self, store: Any) -> None:
        self._store = store  # obstore has no other importer than `object_store`

    def put(self, path: str, file: Path) -> None:
        self._store.put(path, file)
        file.unlink()

    def holds(self, path: str) -> bool:
        try:
            self._store.head(path)
        except FileNotFoundError:
            return False
        return True

    def delete(self, path: str) -> None:
        self._store.delete([path])

    def listed(self, folder: str) -> list[str]:
        return sorted(one["path"] for chunk in self._store.list(f"{folder}/") for one in chunk)
