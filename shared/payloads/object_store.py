"""The blob store in a bucket: S3 and what speaks it, Google, Azure. The only user of obstore.

Credentials, region and endpoint come from the variables that each cloud's own tools read.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO, Self
from urllib.parse import urlsplit

import structlog

from shared.clock import Clock
from shared.errors import JobInputGone, StartupRefused
from shared.payloads.blobs import Blob
from shared.payloads.references import Kind, is_reference, require_reference

if TYPE_CHECKING:
    from obstore.store import ObjectStore

log = structlog.get_logger()

SCHEMES = ("s3", "gs", "az")

CONNECT_SECONDS = 2
REQUEST_SECONDS = 10
RETRIES = 2
RETRIES_WITHIN_SECONDS = 10
"""No retry begins later."""

LONGEST_SECONDS = REQUEST_SECONDS + RETRIES_WITHIN_SECONDS
"""A call is over by then, whatever the store does."""

REST_SECONDS = 5.0
"""After a call that got no answer everybody is refused at once for so long, and then all but one:
threads that wait in line behind a store that hangs would be missed elsewhere."""

LIST_CHUNK = 1000
CHUNK_BYTES = 256 << 10


def open_store(url: str, said_in: str) -> "ObjectStore":
    """A bucket with a prefix, asked nothing yet; raises StartupRefused, which names `said_in`."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.netloc or "@" in url or "?" in url:
        raise StartupRefused(f"{said_in} should look like s3://bucket/prefix")
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError as error:
        raise StartupRefused(
            f"{said_in} needs the package obstore: install the extra `s3`"
        ) from error
    try:
        return from_url(
            url,
            client_options={
                "allow_http": True,  # only where the endpoint's own URL says so
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=REQUEST_SECONDS),
            },
            retry_config={
                "max_retries": RETRIES,
                "retry_timeout": timedelta(seconds=RETRIES_WITHIN_SECONDS),
            },
        )
    except (BaseError, ValueError) as error:
        raise StartupRefused(f"{said_in}: {_first_line(error)}") from error


class ObjectBlobs:
    """Atomic and durable by nature, so `synced` says nothing here."""

    def __init__(self, store: "ObjectStore", clock: Clock, url: str = "") -> None:
        self._url = url
        self._store = store
        self._clock = clock
        self._is_away = False
        self._refused_until = 0.0

    @classmethod
    def open(cls, url: str, clock: Clock) -> Self:
        """Asks the store nothing yet; raises StartupRefused."""
        return cls(open_store(url, "QUEUECAST_BLOBS_URL"), clock, url)

    def identity(self) -> str:
        return self._url

    def put(self, reference: str, data: bytes, *, synced: bool) -> str:
        path = require_reference(reference)
        with self._asking("put"):
            # In one request: what a crash leaves of several parts, no listing shows.
            self._store.put(path, data, use_multipart=False)
        return reference

    def put_file(self, reference: str, file: BinaryIO, *, synced: bool) -> str:
        return self.put(reference, file.read(), synced=synced)

    def get(self, reference: str) -> bytes:
        path = require_reference(reference)
        try:
            with self._asking("get"):
                return bytes(self._store.get(path).bytes())
        except FileNotFoundError as error:
            raise JobInputGone(f"{reference} is gone") from error

    def chunks(self, reference: str) -> Iterator[bytes]:
        """Of all of it, read at once: a slow reader must not keep a request to the store open."""
        data = self.get(reference)
        for start in range(0, len(data), CHUNK_BYTES):
            yield data[start : start + CHUNK_BYTES]

    def holds(self, reference: str) -> bool:
        path = require_reference(reference)
        with self._asking("holds"):
            try:
                self._store.head(path)
            except FileNotFoundError:
                # A bucket that is away answers the same; it has nothing to list.
                next(iter(self._store.list(chunk_size=1)), None)
                return False
        return True

    def delete(self, *references: str) -> None:
        paths = [require_reference(one) for one in references]
        if not paths:
            return
        with suppress(OSError), self._asking("delete"):
            self._store.delete(paths)

    def listed(self, kind: Kind) -> Iterator[Blob]:
        chunks = iter(self._store.list(kind.value, chunk_size=LIST_CHUNK))
        while True:
            with self._asking("list"):
                chunk = next(chunks, None)
            if chunk is None:
                return
            for one in chunk:
                if is_reference(one["path"]):
                    yield Blob(one["path"], one["last_modified"])

    @contextmanager
    def _asking(self, call: str) -> Iterator[None]:
        """Around one call: obstore's errors become OSErrors, and the store is given its rest."""
        from obstore.exceptions import BaseError, GenericError

        if self._clock.monotonic() < self._refused_until:
            raise OSError("the object store did not answer a moment ago")
        if self._is_away:  # one asks whether it is back, and the others need not wait for that
            self._refused_until = self._clock.monotonic() + LONGEST_SECONDS
        is_away = False
        try:
            yield
        except BaseError as error:
            is_away = isinstance(error, GenericError)  # no answer, or 5xx; others are of this call
            log.warning("object_store_failed", call=call, error=_first_line(error))
            raise OSError(f"the object store: {type(error).__name__}") from error
        finally:
            self._is_away = is_away
            self._refused_until = self._clock.monotonic() + REST_SECONDS if is_away else 0.0


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
