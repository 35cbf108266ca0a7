"""The rounds: every arm in turn, then every arm again."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtests.bench.arms.arm import Arm
from loadtests.bench.arms.bare_loop import BareLoop
from loadtests.bench.errors import ArmFailed
from loadtests.bench.jobs import Supply
from loadtests.bench.measurements import Measurement
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.scenario import Place, Scenario
from loadtests.bench.sitting import Sitting

Start = tuple[Arm | BareLoop, list[Scenario]]


def run(
    scenarios: Sequence[Scenario],
    place: Place,
    plan: Plan,
    supply: Supply,
    say: Callable[[str], None],
) -> Iterator[Measurement]:
    """Interleaved: noise that comes and goes meets every arm. An arm that fails is said and left out
    of the round."""
    for number in range(1, plan.rounds + 1):
        due = [one for one in scenarios if number <= one.max_rounds]
        for arm, parts in starts(due, place, plan):
            say(f"round {number} of {plan.rounds}: {arm.name}: {', '.join(p.name for p in parts)}")
            try:
                with _sitting(arm, place.kept / "start", supply) as sitting:
                    for part in parts:
                        for case, figures in part.measure(sitting, plan):
                            yield Measurement(part.name, arm.name, case, number, figures)
            except ArmFailed as failure:
                say(f"  {arm.name} failed: {failure}")


def starts(scenarios: Sequence[Scenario], place: Place, plan: Plan) -> list[Start]:
    """Which arms are started in a round, each with what is measured on it."""
    found: dict[tuple[object, str], Start] = {}
    for scenario in scenarios:
        for arm in scenario.arms(place, plan):
            key = (arm, scenario.name if scenario.alone else "")
            found.setdefault(key, (arm, []))[1].append(scenario)
    return list(found.values())


@contextmanager
def _sitting(
    arm: Arm | BareLoop, folder: Path, supply: Supply
) -> Iterator[Sitting]:
    if isinstance(arm, BareLoop):
        yield Sitting(arm.name, arm, supply)
        return
    folder.mkdir(parents=True)
    try:
        with arm.running(folder) as service:
            yield Sitting(arm.name, service, supply)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
