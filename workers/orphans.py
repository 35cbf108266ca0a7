"""Finds the blobs that nobody will read: what dead workers, canceled jobs and cut-off submits left.

Tensors and outputs carry their job and attempt in their name, so SQL knows which are still on
their way; what a row refers to is kept, and what a client has uploaded as long as its file.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import structlog

from shared.container import Container
from shared.db.engine import reading
from shared.files import store as files
from shared.jobs.blobs_in_use import needed
from shared.payloads.blobs import Blob
from shared.payloads.references import Kind, kind
from shared.telemetry import counters

log = structlog.get_logger()

PASS_SECONDS = 600.0
"""So long after one pass through the blob store the next begins."""

TENSORS_SECONDS = 600.0
"""Tensors that no attempt waits for go at this age: nothing but an attempt ever reads them."""


class Orphans:
    """One sweeper's passes through the blob store; `run` is one slice of a pass."""

    def __init__(self, container: Container) -> None:
        self._settings = container.settings
        self._engine = container.engine
        self._blobs = container.blobs
        self._clock = container.clock
        self._pass = self._all()
        self._next_at = 0.0

    def run(self) -> None:
        """Looks at the next blobs of a pass, deletes the orphans, rests after the last one."""
        if self._clock.monotonic() < self._next_at:
            return
        try:
            found = list(islice(self._pass, self._settings.sweep_slice))
        except OSError as error:
            log.warning("blobs_not_listed", error=str(error)[:200])
            found = []
        self._delete(self._orphans(found))
        if len(found) < self._settings.sweep_slice:
            self._pass = self._all()
            self._next_at = self._clock.monotonic() + PASS_SECONDS

    def _all(self) -> Iterator[Blob]:
        return chain.from_iterable(map(self._blobs.listed, Kind))

    def _orphans(self, found: Sequence[Blob]) -> list[str]:
        old = [blob.reference for blob in found if self._is_old(blob)]
        if not old:
            return []
        with reading(self._engine) as connection:
            kept = needed(connection, old) | files.kept(connection, old)
        return [reference for reference in old if reference not in kept]

    def _is_old(self, blob: Blob) -> bool:
        tensors = kind(blob.reference) is Kind.TENSORS
        limit = TENSORS_SECONDS if tensors else self._settings.blob_orphan_seconds
        return (self._clock.now() - blob.written_at).total_seconds() >= limit

    def _delete(self, orphans: Sequence[str]) -> None:
        if orphans:
            self._blobs.delete(*orphans)
            counters.orphans_deleted.inc(len(orphans))
            log.info("orphans_deleted", blobs=len(orphans))
