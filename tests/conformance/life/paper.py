"""What is written on paper: rows, and what a Redis holds."""

from dataclasses import dataclass, field
from datetime import datetime

from shared.backlog.entries import Entry
from shared.domain.names import Stage


@dataclass
class Row:
    id: str
    content: int
    priority: str
    created_at: datetime
    dispatch_after: datetime
    deadline_at: datetime | None
    joined_to: str | None
    status: str = "queued"
    attempt: int = 1
    crashes: int = 0
    error_code: str | None = None
    wrote: tuple[str, int] | None = None
    cache: str = "miss"


@dataclass
class PaperRedis:
    """`snapshots`: the attempt of an unfinished job, 0 of one that has ended. `entries`: by their
    ids the stage, what waits, and who holds it."""

    snapshots: dict[str, int] = field(default_factory=dict)
    entries: dict[bytes, tuple[Stage, Entry, str | None]] = field(default_factory=dict)
    beats: set[str] = field(default_factory=set)
    running: dict[str, list[str]] = field(default_factory=dict)
    fenced: set[str] = field(default_factory=set)
    bells: set[Stage] = field(default_factory=set)
    leaders: dict[int, str] = field(default_factory=dict)
    run: int = 0
