"""The rounds: every arm in turn, then every arm again."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtests.bench.arms.arm import Arm
from loadtests.bench.arms.bare_loop import BareLoop
from loadtests.bench.errors import ArmFailed
from loadtests.bench.jobs import Supply
from loadtests.bench.measurements import Failure, Measurement
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.scenario import Place, Scenario
from loadtests.bench.sitting import Sitting

Start = tuple[Arm | BareLoop, list[Scenario]]


class Rounds:
    """Noise that comes and goes meets every arm, since they take turns."""

    def __init__(
        self, place: Place, plan: Plan, supply: Supply, say: Callable[[str], None]
    ) -> None:
        self._place = place
        self._plan = plan
        self._supply = supply
        self._say = say

    def run(self, scenarios: Sequence[Scenario]) -> Iterator[Measurement | Failure]:
        """An arm that fails loses that measurement and goes on with the next."""
        for number in range(1, self._plan.rounds + 1):
            due = [one for one in scenarios if number <= one.max_rounds]
            for arm, parts in starts(due, self._place, self._plan):
                names = ", ".join(part.name for part in parts)
                self._say(f"round {number} of {self._plan.rounds}: {arm.name}: {names}")
                for one in self._start(number, arm, parts):
                    if isinstance(one, Failure):
                        self._say(f"  {arm.name} failed: {one.reason}")
                    yield one

    def _start(
        self, number: int, arm: Arm | BareLoop, parts: Sequence[Scenario]
    ) -> Iterator[Measurement | Failure]:
        part = parts[0]
        try:
            with _sitting(arm, self._place, self._supply) as sitting:
                for part in parts:
                    try:
                        for case, figures in part.measure(sitting, self._plan):
                            yield Measurement(part.name, arm.name, case, number, figures)
                    except ArmFailed as failure:
                        yield Failure(part.name, arm.name, number, str(failure))
        except ArmFailed as failure:  # it did not even start
            yield Failure(part.name, arm.name, number, str(failure))


def starts(scenarios: Sequence[Scenario], place: Place, plan: Plan) -> list[Start]:
    """Which arms are started in a round, each with what is measured on it."""
    found: dict[tuple[Arm | BareLoop, str], Start] = {}
    for scenario in scenarios:
        for arm in scenario.arms(place, plan):
            key = (arm, scenario.name if scenario.alone else "")
            found.setdefault(key, (arm, []))[1].append(scenario)
    return list(found.values())


@contextmanager
def _sitting(arm: Arm | BareLoop, place: Place, supply: Supply) -> Iterator[Sitting]:
    """A start in an empty folder, which goes at the end."""
    if isinstance(arm, BareLoop):
        yield Sitting(arm.name, arm, supply)
        return
    folder: Path = place.kept / "start"
    folder.mkdir(parents=True)
    try:
        with arm.running(folder) as service:
            yield Sitting(arm.name, service, supply)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
