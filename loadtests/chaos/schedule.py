"""Which faults strike, in which order: the same for the same seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from loadtests.chaos.faults.fault import Fault

AT_ONCE = 0.15
"""Of so many strikes a second fault is part: what is mended singly may not be together."""

IN_PEACE = 0.6
"""So many are recovered from before the next: only those say how long that takes."""

LONGEST_PAUSE_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault, or two at the same time, after a pause; `seed` is for their own dice.

    The next one waits until one `in_peace` is recovered from.
    """

    faults: Sequence[Fault]
    pause_seconds: float
    in_peace: bool
    seed: str

    @property
    def name(self) -> str:
        return " + ".join(fault.name for fault in self.faults)


def strikes(faults: Sequence[Fault], seed: int) -> Iterator[Strike]:
    """Without end. Each of `faults` once in a shuffled order, then by their weights."""
    random = Random(f"schedule {seed}")
    first = random.sample(faults, len(faults))
    weights = [fault.weight for fault in faults]
    number = 0
    while True:
        one = first.pop() if first else random.choices(faults, weights)[0]
        chosen = [one]
        if random.random() < AT_ONCE:
            other = random.choices(faults, weights)[0]
            chosen += [other] if _may_meet(one, other) else []
        pause_seconds = random.uniform(0.2, LONGEST_PAUSE_SECONDS)
        yield Strike(chosen, pause_seconds, random.random() < IN_PEACE, f"{seed} {number}")
        number += 1


def _may_meet(one: Fault, other: Fault) -> bool:
    """Two faults of one thing would undo each other."""
    return not set(_things(one)) & set(_things(other))


def _things(fault: Fault) -> list[str]:
    known = ("redis", "postgresql", "sqlite", "bells")
    found = [thing for thing in known if thing in fault.name]
    return found or [fault.name.partition(" ")[0]]
