from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from loadtests.bench.answers import Direct
from loadtests.bench.errors import ArmFailed
from loadtests.bench.jobs import Supply
from loadtests.bench.measurements import Failure, Measurement
from loadtests.bench.plan import Plan
from loadtests.bench.rounds import Rounds
from loadtests.bench.scenarios.scenario import Place, Scenario


@dataclass(frozen=True)
class PaperArm:
    """Starts nothing; `starts` counts how often it was asked to."""

    name: str
    starts: list = None
    is_broken: bool = False

    def __hash__(self):
        return hash(self.name)

    @contextmanager
    def running(self, folder):
        if self.is_broken:
            raise ArmFailed("it does not start")
        self.starts.append(self.name)
        assert list(folder.iterdir()) == []
        (folder / "left-behind").touch()
        yield None


@pytest.fixture
def starts():
    return []


@pytest.fixture
def run(tmp_path):
    def run(*scenarios, rounds=1):
        place = Place(tmp_path, tmp_path, tmp_path)
        plan = Plan("paper", rounds=rounds)
        said = []
        taken = list(Rounds(place, plan, Supply(Direct()), said.append).run(scenarios))
        return taken, said

    return run


def scenario(name, *arms, measure=lambda *_: [("case", {"speed": 1.0})], **options):
    return Scenario(name, "?", lambda *_: arms, measure, (), **options)


def failing(*_):
    yield "first case", {"speed": 1.0}
    raise ArmFailed("it broke")


def test_arms_take_turns_and_share_their_starts(run, starts):
    a, b = PaperArm("a", starts), PaperArm("b", starts)
    taken, _ = run(scenario("one", a, b), scenario("two", a), rounds=2)
    assert starts == ["a", "b", "a", "b"]
    assert [(one.round, one.arm, one.scenario) for one in taken[:3]] == [
        (1, "a", "one"), (1, "a", "two"), (1, "b", "one")
    ]  # fmt: skip


def test_a_scenario_that_is_alone_gets_starts_of_its_own(run, starts):
    a = PaperArm("a", starts)
    run(scenario("one", a), scenario("two", a, alone=True))
    assert starts == ["a", "a"]


def test_a_scenario_takes_no_more_rounds_than_it_wants(run, starts):
    taken, _ = run(scenario("one", PaperArm("a", starts), max_rounds=2), rounds=3)
    assert [one.round for one in taken] == [1, 2]


def test_an_arm_that_fails_loses_that_measurement_only(run, starts):
    a = PaperArm("a", starts)
    taken, said = run(scenario("one", a, measure=failing), scenario("two", a))
    assert [type(one) for one in taken] == [Measurement, Failure, Measurement]
    assert taken[1] == Failure("one", "a", 1, "it broke")
    assert "  a failed: it broke" in said


def test_an_arm_that_does_not_start_stops_nobody_else(run, starts):
    broken, whole = PaperArm("broken", is_broken=True), PaperArm("whole", starts)
    taken, _ = run(scenario("one", broken, whole))
    assert [(type(one), one.arm) for one in taken] == [(Failure, "broken"), (Measurement, "whole")]
