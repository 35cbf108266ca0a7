"""What a sweep decides about Redis and its workers, beside `shared.domain.life`: pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.backlog.backlogs import Taken
from shared.domain import life
from shared.domain.names import Backlog, Stage
from shared.jobs.store import Due


@dataclass(slots=True)
class RedisWatch:
    """Since when Redis has been whole: the heartbeats of an outage prove nothing.

    Living workers renew theirs within `grace_seconds` of its end; only after that does a missing
    heartbeat mean a dead worker.
    """

    grace_seconds: float
    _run_id: str | None = None
    _whole_since: float = 0.0
    _broken: bool = False

    def lost(self) -> None:
        """A call failed."""
        self._broken = True

    def seen(self, run_id: str, uptime_seconds: float, now: float) -> bool:
        """Redis answered; `run_id` names the server's life, `now` is monotonic seconds.

        Answers whether this is the first sight of a life that has just begun.
        """
        if run_id == self._run_id and not self._broken:
            return False
        known_whole = self._run_id is None and not self._broken
        fresh = not known_whole or uptime_seconds < self.grace_seconds
        begun = fresh and run_id != self._run_id
        self._whole_since = now if fresh else now - self.grace_seconds
        self._run_id, self._broken = run_id, False
        return begun

    def heartbeats_count(self, now: float) -> bool:
        """Whether a missing heartbeat means a dead worker."""
        return not self._broken and now - self._whole_since >= self.grace_seconds


def dead_consumers(holders: Iterable[str], living: Iterable[str]) -> list[str]:
    """Those who hold a place in a group and were not heard of in time."""
    alive = set(living)
    return sorted({name for name in holders if name not in alive})


@dataclass(slots=True)
class Rescue:
    """What becomes of the entries that a dead consumer held.

    `crashed` were running: their jobs become suspects. `released` were only held: they may run
    again at once. `outcomes` wait for SQL: they go back to the record backlog as they are.
    """

    crashed: list[Taken] = field(default_factory=list)
    released: list[Taken] = field(default_factory=list)
    outcomes: list[Taken] = field(default_factory=list)


def rescue(held: Sequence[tuple[Stage, Taken]], running: set[str]) -> Rescue:
    """Divides what a dead consumer held by what it was running."""
    result = Rescue()
    for stage, one in held:
        if stage is Stage.RECORD:
            result.outcomes.append(one)
        elif one.entry.id in running:
            result.crashed.append(one)
        else:
            result.released.append(one)
    return result


def missing(due: Sequence[Due], in_redis: Sequence[bool]) -> list[Due]:
    """An unfinished job is in Redis exactly when its snapshot is."""
    return [one for one, there in zip(due, in_redis, strict=True) if not there]


def dead_letters(lost: Sequence[Due], crashes_max: int) -> tuple[list[Due], list[Due]]:
    """Those that killed too many workers, and those that run again."""
    dead = [one for one in lost if life.is_dead_letter(one.crashes, crashes_max)]
    return dead, [one for one in lost if not life.is_dead_letter(one.crashes, crashes_max)]


@dataclass(frozen=True, slots=True)
class Depth:
    """How many entries one stream holds, and how many of them somebody has taken."""

    length: int
    pending: int


def with_work(depths: Mapping[Backlog, Sequence[Depth]]) -> list[Backlog]:
    """Backlogs with entries that nobody has taken: their bell should be ringing."""
    return [
        backlog
        for backlog, streams in depths.items()
        if any(one.length > one.pending for one in streams)
    ]
