import pytest

from loadtests.bench.measurements import Failure, Measurement, Measurements, Spread

OURS, THEIRS = ("s", "ours", "c"), ("s", "theirs", "c")


def measured(ours, theirs):
    """One figure in as many rounds as there are values."""
    found = Measurements()
    for where, values in ((OURS, ours), (THEIRS, theirs)):
        for number, value in enumerate(values, 1):
            found.add(Measurement(*where, number, {"speed": value}))
    return found


def test_the_median_of_the_rounds_counts():
    assert measured([10, 90, 20], []).median("speed", *OURS) == 20


def test_what_was_not_measured_is_none():
    found = measured([10], [])
    assert found.median("speed", *THEIRS) is None
    assert found.median("other", *OURS) is None
    assert found.ratio("speed", OURS, THEIRS) is None


def test_a_ratio_is_taken_within_each_round():
    """A round in which everything was slow says as much as the others."""
    assert measured([100, 10, 80], [10, 1, 10]).ratio("speed", OURS, THEIRS) == 10


def test_rounds_that_one_arm_missed_do_not_count():
    assert measured([100, 30], [10]).ratio("speed", OURS, THEIRS) == 10


def test_a_spread_holds_the_range():
    spreads = measured([10, 90, 20], [1]).spreads()
    assert spreads[OURS]["speed"] == Spread(20, 10, 90)
    assert list(spreads) == [OURS, THEIRS]


def test_failures_are_kept_apart():
    found = measured([1], [])
    found.add(Failure("s", "ours", 1, "it broke"))
    assert [one.reason for one in found.failures] == ["it broke"]
    assert found.median("speed", *OURS) == pytest.approx(1)
