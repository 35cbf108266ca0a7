import pytest

from workers.partition import Census, Owner, Rule, contradictions

WAITING, HELD = ("s", "a", 1), ("t", "a", 1)
ROW = Owner(attempt=1, unfinished=True, joins=False)


def rules(census: Census, **owners: Owner) -> set[Rule]:
    return {one.rule for one in contradictions(census, owners)}


@pytest.mark.parametrize(
    "census",
    [
        Census({}, []),
        Census({"a": 1}, [WAITING]),
        Census({}, [("s", "a", 1)]),  # its job has ended: the entry is let go of at the take
        Census({"a": 2}, [("s", "a", 1), ("s", "a", 2)]),  # what a lost attempt left
    ],
)
def test_nothing_contradicts(census) -> None:
    assert rules(census, a=Owner(2, unfinished=True, joins=False)) == set()


@pytest.mark.parametrize("entries", [[], [WAITING, HELD], [("s", "a", 2)]])
def test_an_unfinished_snapshot_has_one_entry(entries) -> None:
    assert rules(Census({"a": 1}, entries), a=ROW) == {Rule.ONE_ENTRY}


def test_what_redis_holds_has_a_row() -> None:
    assert rules(Census({"a": 1}, [WAITING])) == {Rule.ROW_FIRST}


def test_redis_is_not_ahead_of_sql() -> None:
    assert rules(Census({"a": 2}, [("s", "a", 2)]), a=ROW) == {Rule.ATTEMPT_FIRST}


def test_a_joiner_is_nowhere() -> None:
    joiner = Owner(1, unfinished=True, joins=True)
    assert rules(Census({"a": 1}, [WAITING]), a=joiner) == {Rule.JOINERS_WAIT}
