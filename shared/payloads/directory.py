"""The blob store in a directory, one file for each blob: the default."""

import os
import secrets
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from shared.errors import JobInputGone
from shared.payloads.blobs import Blob
from shared.payloads.references import Kind, is_reference, require_reference

CUT_OFF_SECONDS = 3600
"""A put takes seconds: an unfinished file of this age is what a crash left."""

CHUNK_BYTES = 256 << 10

IDENTITY = ".identity"


class DirectoryBlobs:
    """Processes of one machine, or of several over a shared file system, may use one directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, reference: str, data: bytes, *, synced: bool) -> str:
        return self.put_file(reference, BytesIO(data), synced=synced)

    def put_file(self, reference: str, file: BinaryIO, *, synced: bool) -> str:
        """Under another name until it is whole; `synced` forces file and folder to the disk."""
        path = self._path(reference)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not the process id: in containers that share this folder everybody has the same.
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            _write(temporary, file, synced=synced)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        if synced:
            _sync_folder(path.parent)
        return reference

    def get(self, reference: str) -> bytes:
        try:
            return self._path(reference).read_bytes()
        except FileNotFoundError as error:
            raise JobInputGone(f"{reference} is gone") from error

    def chunks(self, reference: str) -> Iterator[bytes]:
        try:
            with self._path(reference).open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except FileNotFoundError as error:
            raise JobInputGone(f"{reference} is gone") from error

    def holds(self, reference: str) -> bool:
        path = self._path(reference)
        if not path.parent.is_dir():
            raise FileNotFoundError(f"the folder of {reference} is away")
        return path.is_file()

    def delete(self, *references: str) -> None:
        for path in map(self._path, references):
            with suppress(OSError):
                path.unlink()

    def listed(self, kind: Kind) -> Iterator[Blob]:
        """On the way it removes what puts that a crash cut off have left."""
        with suppress(FileNotFoundError), os.scandir(self._folder / kind) as files:
            for file in files:
                with suppress(FileNotFoundError):  # somebody was faster
                    written_at = file.stat(follow_symlinks=False).st_mtime
                    if is_reference(reference := f"{kind}/{file.name}"):
                        yield Blob(reference, datetime.fromtimestamp(written_at, UTC))
                    elif file.name.startswith(".") and time.time() - written_at > CUT_OFF_SECONDS:
                        Path(file.path).unlink()

    def identity(self) -> str:
        """A name that whoever came first has left there."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = self._folder / IDENTITY
        if not name.exists():
            draft = name.with_name(f"{IDENTITY}.{os.getpid()}")
            draft.write_text(str(uuid.uuid4()))
            with suppress(FileExistsError):
                os.link(draft, name)
            draft.unlink()
        return name.read_text()

    def _path(self, reference: str) -> Path:
        return self._folder / require_reference(reference)


def _write(path: Path, source: BinaryIO, *, synced: bool) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(source, file, CHUNK_BYTES)
        if synced:
            file.flush()
            os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
