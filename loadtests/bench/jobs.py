"""Jobs: inputs and what they should come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.bench.answers import Direct

Pair = tuple[bytes, Any]
"""An input as JSON, and the direct answer to it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One source of inputs: `make(n)` is its n-th input, as JSON."""

    name: str
    model: str
    make: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Jobs:
    model: str
    pairs: Sequence[Pair]

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def inputs(self) -> list[bytes]:
        return [pair[0] for pair in self.pairs]

    @property
    def expected(self) -> list[Any]:
        return [pair[1] for pair in self.pairs]


class Supply:
    """Makes inputs and their direct answers once, before any clock starts, and keeps them."""

    def __init__(self, direct: Direct) -> None:
        self._direct = direct
        self._made: dict[str, list[Pair]] = {}

    def jobs(self, kind: Kind, first: int, count: int) -> Jobs:
        """The jobs from number `first` on: every arm gets the same."""
        made = self._made.setdefault(kind.name, [])
        fresh = [kind.make(number) for number in range(len(made), first + count)]
        made += zip(fresh, self._direct.answers(kind.model, fresh), strict=True)
        return Jobs(kind.model, made[first : first + count])
