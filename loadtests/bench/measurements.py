"""What was measured, and its medians over the rounds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

from loadtests.bench.meter import Figures


@dataclass(frozen=True, slots=True)
class Measurement:
    scenario: str
    arm: str
    case: str
    round: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Failure:
    """What an arm could not do."""

    scenario: str
    arm: str
    round: int
    reason: str


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over the rounds."""

    median: float
    least: float
    most: float


Where = tuple[str, str, str]
"""Scenario, arm, case."""


class Measurements:
    """All of a run; rounds are numbered from 1."""

    def __init__(self, taken: Iterable[Measurement] = ()) -> None:
        self.taken = list(taken)
        self.failures: list[Failure] = []

    def add(self, one: Measurement | Failure) -> None:
        if isinstance(one, Failure):
            self.failures.append(one)
        else:
            self.taken.append(one)

    def spreads(self) -> dict[Where, dict[str, Spread]]:
        """By scenario, arm and case, in the order in which they were first measured."""
        grouped: dict[Where, dict[str, list[float]]] = {}
        for one in self.taken:
            figures = grouped.setdefault((one.scenario, one.arm, one.case), defaultdict(list))
            for name, value in one.figures.items():
                figures[name].append(value)
        return {
            where: {
                name: Spread(median(values), min(values), max(values))
                for name, values in figures.items()
            }
            for where, figures in grouped.items()
        }

    def median(self, figure: str, *where: str) -> float | None:
        """Of one scenario, arm and case; None where it was not measured."""
        values = list(self._by_round(figure, *where).values())
        return median(values) if values else None

    def ratio(self, figure: str, ours: Where, theirs: Where) -> float | None:
        """The median of the rounds' own ratios: what both suffered in one round cancels out."""
        mine, other = self._by_round(figure, *ours), self._by_round(figure, *theirs)
        ratios = [mine[number] / other[number] for number in mine.keys() & other.keys()]
        return median(ratios) if ratios else None

    def cases(self, scenario: str) -> Iterator[Where]:
        return (where for where in self.spreads() if where[0] == scenario)

    def _by_round(self, figure: str, *where: str) -> dict[int, float]:
        return {
            one.round: one.figures[figure]
            for one in self.taken
            if (one.scenario, one.arm, one.case) == where and figure in one.figures
        }
