"""The blob store: bytes under references, beside SQL and Redis. What `put` has answered is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from shared.payloads.references import Kind


@dataclass(frozen=True, slots=True)
class Blob:
    """One that a listing found; `written_at` is the store's own time, UTC."""

    reference: str
    written_at: datetime


class Blobs(Protocol):
    """Thread-safe. Every method raises ValueError for what is no reference, and OSError, within
    half a minute, when the store does not answer or does not take anything."""

    def put(self, reference: str, data: bytes, *, synced: bool) -> str:
        """Stores `data` whole or not at all, and answers the reference.

        `synced`: it outlives the machine. What comes without may be gone or torn after a crash.
        """
        ...

    def put_file(self, reference: str, file: BinaryIO, *, synced: bool) -> str:
        """As `put`, of what `file` has from where it stands to its end."""
        ...

    def get(self, reference: str) -> bytes:
        """The bytes; raises JobInputGone when they are not there."""
        ...

    def chunks(self, reference: str) -> Iterator[bytes]:
        """The same in pieces, for what is to be passed on; errors come with the first of them."""
        ...

    def holds(self, reference: str) -> bool:
        """Whether it is there; a store that is away says nothing against it: OSError."""
        ...

    def delete(self, *references: str) -> None:
        """As far as it can be done, and never an OSError: a blob too many harms nobody."""
        ...

    def listed(self, kind: Kind) -> Iterator[Blob]:
        """All of a kind, in no order, found as they are asked for; may miss the very newest."""
        ...

    def identity(self) -> str:
        """The same for all processes that use this store."""
        ...
