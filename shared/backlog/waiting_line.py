"""Who waits before a model version's stages, as one look at Redis tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.names import Backlog, Keys, Priority, Stage

LOOKED_AT = 250
"""Entries of a stream that are looked at: so far a position is exact. Redis takes 2 ms for all."""

LOOKED_AT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """One stream: how many `waiting`, how many ever `taken` (None: Redis does not count).

    `ranks` has the snapshot keys of those in front, 0 for the next one. `looked_until` and `last`
    are when the last of these and the last of all joined the line, epoch seconds.
    """

    waiting: int = 0
    taken: int | None = 0
    ranks: Mapping[str, int] | None = None
    looked_until: float = 0.0
    last: float = 0.0

    def rank(self, key: str, since: float) -> int | None:
        """How many are ahead of an entry; beyond those looked at by when it came, an estimate.

        None where it is not in this line.
        """
        ranks = self.ranks or {}
        if key in ranks:
            return ranks[key]
        behind = self.waiting - len(ranks)
        if behind <= 0 or since < self.looked_until:
            return None
        span = max(self.last - self.looked_until, 0.001)
        share = min(1.0, (since - self.looked_until) / span)
        return len(ranks) + int(share * (behind - 1))


Lines = Mapping[tuple[Stage, Priority], Line]
"""Of one model version."""

WAITING_STAGES = (Stage.PREPROCESS, Stage.PREDICT)


def arguments(keys: Keys, group: str, model: str, version: str) -> list[Any]:
    """What `waiting_line.lua` is asked for."""
    backlogs = (Backlog(stage, model, version) for stage in WAITING_STAGES)
    streams = [keys.stream(one, priority) for one in backlogs for priority in Priority]
    return [group, LOOKED_AT, LOOKED_AT_BYTES, *streams]


def read(answers: Sequence[Any]) -> Lines:
    """The lines in what the script answered."""
    names = [(stage, priority) for stage in WAITING_STAGES for priority in Priority]
    return {name: _line(answer) for name, answer in zip(names, answers, strict=True)}


def _line(answer: Sequence[Any]) -> Line:
    waiting, taken, looked_at, last, found = answer
    return Line(
        waiting=max(0, waiting),
        taken=taken if taken >= 0 else None,
        ranks={key.decode(): rank for rank, key in enumerate(found)},
        looked_until=_seconds(looked_at),
        last=_seconds(last),
    )


def _seconds(entry_id: bytes) -> float:
    """When an entry was added: its id begins with the milliseconds."""
    return int(entry_id.partition(b"-")[0]) / 1000
