"""What a scenario is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests.bench.arms.arm import Arm
from loadtests.bench.arms.bare_loop import BareLoop
from loadtests.bench.meter import Figures
from loadtests.bench.plan import Plan
from loadtests.bench.sitting import Sitting


@dataclass(frozen=True, slots=True)
class Place:
    """Folders, and who else takes part.

    `kept` is for what outlives a round; the others hold models. `peers` are those asked for.
    """

    kept: Path
    light_models: Path
    heavy_models: Path
    peers: tuple[Arm, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """`measure` yields (case, figures) for one start of one arm.

    Scenarios that name equal arms share their starts; one that is `alone` does not. `columns` are
    the figures that its table shows.
    """

    name: str
    question: str
    arms: Callable[[Place, Plan], Sequence[Arm | BareLoop]]
    measure: Callable[[Sitting, Plan], Iterable[tuple[str, Figures]]]
    columns: tuple[str, ...]
    alone: bool = False
    in_quick: bool = True
    max_rounds: int = 99
