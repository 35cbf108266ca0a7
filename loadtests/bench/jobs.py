"""Jobs: inputs and what they should come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.bench.answers import Direct


@dataclass(frozen=True, slots=True)
class Kind:
    """One source of inputs: `make(n)` is its n-th input, as JSON."""

    name: str
    model: str
    make: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Jobs:
    """`expected[n]` is the direct answer to `inputs[n]`."""

    model: str
    inputs: Sequence[bytes]
    expected: Sequence[Any]

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, part: slice) -> "Jobs":
        return Jobs(self.model, self.inputs[part], self.expected[part])


class Supply:
    """Makes inputs and their direct answers once, before any clock starts, and keeps them."""

    def __init__(self, direct: Direct) -> None:
        self._direct = direct
        self._inputs: dict[str, list[bytes]] = {}
        self._expected: dict[str, list[Any]] = {}

    def jobs(self, kind: Kind, first: int, count: int) -> Jobs:
        """The jobs from number `first` on: every arm gets the same."""
        inputs = self._inputs.setdefault(kind.name, [])
        expected = self._expected.setdefault(kind.name, [])
        if len(inputs) < first + count:
            fresh = [kind.make(number) for number in range(len(inputs), first + count)]
            inputs += fresh
            expected += self._direct.answers(kind.model, fresh)
        return Jobs(kind.model, inputs[first : first + count], expected[first : first + count])
