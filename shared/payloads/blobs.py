"""The blob store: a directory. What `put` has answered is on disk."""

import os
import re
from contextlib import suppress
from pathlib import Path

from shared.errors import JobInputGone

_REFERENCE = re.compile(r"(inputs|tensors)/[0-9a-f-]{36}(\.[0-9]+)?")


class Blobs:
    """Bytes under references such as `inputs/<uuid>`; may raise OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, reference: str, data: bytes, *, synced: bool) -> str:
        """Stores `data` whole or not at all; `synced` forces file and folder to the disk."""
        path = self._path(reference)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        with temporary.open("wb") as file:
            file.write(data)
            if synced:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
        if synced:
            _sync_folder(path.parent)
        return reference

    def get(self, reference: str) -> bytes:
        """The bytes; raises JobInputGone when they are not there."""
        try:
            return self._path(reference).read_bytes()
        except FileNotFoundError as error:
            raise JobInputGone(f"{reference} is gone") from error

    def holds(self, reference: str) -> bool:
        """Whether it is there; a folder that is away altogether says nothing against it."""
        path = self._path(reference)
        return path.is_file() or not path.parent.is_dir()

    def delete(self, reference: str) -> None:
        """As far as it can be done: a file too many harms nobody."""
        with suppress(OSError):
            self._path(reference).unlink()

    def _path(self, reference: str) -> Path:
        if not _REFERENCE.fullmatch(reference):
            raise ValueError(f"{reference!r} is no blob reference")
        return self._folder / reference


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
