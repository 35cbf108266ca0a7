import pytest

from loadtests.bench.measurements import Measurement, Measurements
from loadtests.bench.scenarios import tabular
from loadtests.bench.targets import verdicts


def rows(speeds, commands=7.0):
    """A run of the tabular scenario in one round."""
    return Measurements(
        Measurement(
            "tabular",
            arm,
            tabular.CLOSED,
            1,
            {"jobs_per_second": speed, "redis_commands": commands},
        )
        for arm, speed in speeds.items()
    )


def judged(measured):
    return {one.text: one for one in verdicts(measured)}


@pytest.mark.parametrize(("ours", "met"), [(1000.0, True), (990.0, False)])
def test_a_target_that_wants_more_is_met_from_its_value_on(ours, met):
    verdict = judged(rows({"queuecast": ours, "naive": 100.0}))
    assert verdict["tabular, closed loop: jobs/s over naive"].met is met


@pytest.mark.parametrize(("commands", "met"), [(8.0, True), (8.1, False)])
def test_a_target_that_wants_less_is_met_up_to_its_value(commands, met):
    verdict = judged(rows({"queuecast": 1000.0}, commands))["tabular: Redis commands per job"]
    assert verdict.met is met
    assert verdict.wanted == "<= 8"


def test_what_was_not_measured_is_not_judged():
    assert verdicts(Measurements()) == []
    assert all("over naive" not in text for text in judged(rows({"queuecast": 1000.0})))


def test_every_peer_is_a_target_of_its_own():
    found = judged(rows({"queuecast": 1000.0, "naive": 100.0, "arq": 400.0, "bentoml": 1200.0}))
    assert found["tabular: jobs/s over arq"].found == pytest.approx(2.5)
    assert found["tabular: jobs/s over arq"].met
    assert not found["tabular: jobs/s over bentoml"].met
