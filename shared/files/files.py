"""Uploaded files: kept, looked at, read and removed. Every method blocks."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

import orjson
from sqlalchemy import Engine, RowMapping

from shared.clock import Clock
from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.errors import JobInputGone, NotFound
from shared.files import store
from shared.payloads import references
from shared.payloads.blobs import Blobs
from shared.payloads.trouble import told_as_busy
from shared.settings import Settings

CHUNK_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class File:
    """What is known of a file but its content; `size` in bytes, `sha256` in hex."""

    id: str
    name: str
    content_type: str
    size: int
    sha256: str
    metadata: dict[str, Any]
    created_at: datetime
    expires_at: datetime


class Files:
    """The files of all tenants; each is seen by its own only, and until it expires."""

    def __init__(self, engine: Engine, blobs: Blobs, clock: Clock, settings: Settings) -> None:
        self._engine = engine
        self._blobs = blobs
        self._clock = clock
        self._settings = settings

    def keep(
        self, tenant: str, file: BinaryIO, name: str, content_type: str, metadata: dict[str, Any]
    ) -> File:
        """Stores all of `file`, synced; raises BusyError."""
        with told_as_busy():
            kept = self._described(file, name, content_type, metadata)
            file.seek(0)
            # In this order: whoever finds the row finds the content.
            self._blobs.put_file(references.of_file(kept.id), file, synced=True)
        with writing(self._engine) as connection:
            store.add(connection, _row(tenant, kept))
        return kept

    def get(self, tenant: str, file_id: str) -> File:
        """Raises NotFound or BusyError."""
        with reading(self._engine) as connection:
            rows = store.read(connection, tenant, [file_id], self._clock.now())
        if not rows:
            raise _missing()
        return _file(rows[0])

    def find(self, tenant: str, file_ids: Collection[str]) -> dict[str, File]:
        """By id, those that there are; raises BusyError."""
        with reading(self._engine) as connection:
            rows = store.read(connection, tenant, file_ids, self._clock.now())
        return {row["id"]: _file(row) for row in rows}

    def page(
        self, tenant: str, limit: int, before: tuple[datetime, str] | None = None
    ) -> Sequence[File]:
        """Newest first; `before` is (created_at, id) of the last file of the page before."""
        with reading(self._engine) as connection:
            rows = store.page(connection, tenant, self._clock.now(), limit, before)
        return [_file(row) for row in rows]

    def content(self, file: File) -> bytes:
        """All of it; raises NotFound where it was removed meanwhile, and BusyError."""
        return b"".join(self.chunks(file))

    def chunks(self, file: File) -> Iterator[bytes]:
        """The same in pieces; errors come with the first of them."""
        try:
            with told_as_busy():
                yield from self._blobs.chunks(references.of_file(file.id))
        except JobInputGone:
            raise _missing() from None

    def remove(self, tenant: str, file_id: str) -> None:
        """Raises NotFound or BusyError."""
        with writing(self._engine) as connection:
            removed = store.remove(connection, tenant, file_id, self._clock.now())
        if not removed:
            raise _missing()
        self._blobs.delete(references.of_file(file_id))

    def _described(
        self, file: BinaryIO, name: str, content_type: str, metadata: dict[str, Any]
    ) -> File:
        now = self._clock.now()
        size, checksum = 0, hashlib.sha256()
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            checksum.update(chunk)
            size += len(chunk)
        return File(
            id=new_job_id(),
            name=name,
            content_type=content_type,
            size=size,
            sha256=checksum.hexdigest(),
            metadata=metadata,
            created_at=now,
            expires_at=now + timedelta(seconds=self._settings.file_ttl_seconds),
        )


def _row(tenant: str, file: File) -> dict[str, Any]:
    return {
        "id": file.id,
        "tenant": tenant,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "file_metadata": orjson.dumps(file.metadata),
        "created_at": file.created_at,
        "expires_at": file.expires_at,
    }


def _file(row: Mapping[str, Any] | RowMapping) -> File:
    return File(
        id=row["id"],
        name=row["name"],
        content_type=row["content_type"],
        size=row["size"],
        sha256=row["sha256"],
        metadata=orjson.loads(row["file_metadata"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def _missing() -> NotFound:
    return NotFound("there is no file with this id, or not any more")
