from itertools import islice

import pytest

from loadtests.chaos.run import Plan, faults_of
from loadtests.chaos.schedule import strikes

FAULTS = faults_of(Plan(1, 1.0, database="postgres"))


def test_a_seed_gives_the_same_strikes() -> None:
    first, again, other = (
        [(one.name, one.pause_seconds) for one in islice(strikes(FAULTS, seed), 50)]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_each_fault_strikes_once_before_any_other_does_again() -> None:
    first = [one.faults[0].name for one in islice(strikes(FAULTS, 1), len(FAULTS))]
    assert sorted(first) == sorted(fault.name for fault in FAULTS)


def test_two_faults_at_once_concern_two_things() -> None:
    pairs = [one.name for one in islice(strikes(FAULTS, 1), 500) if len(one.faults) == 2]
    assert pairs
    assert not [pair for pair in pairs if pair.count("redis") > 1 or pair.count("postgresql") > 1]


@pytest.mark.parametrize("system", ["queuecast", "naive"])
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_names_are_unique(system: str, database: str) -> None:
    names = [fault.name for fault in faults_of(Plan(1, 1.0, system=system, database=database))]
    assert len(set(names)) == len(names)
