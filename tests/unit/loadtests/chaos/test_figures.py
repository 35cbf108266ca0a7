import pytest

from loadtests.chaos.figures import Spread, posts, recoveries, spread
from loadtests.chaos.load import Post
from loadtests.chaos.nemesis import Struck


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert spread([float(n) for n in range(1, 101)]) == Spread(100, 50.0, 99.0, 100.0)
    assert spread([3.0], missing=2) == Spread(1, 3.0, 3.0, 3.0, 2)


def test_only_what_met_no_other_fault_says_how_long_it_takes() -> None:
    alone = Struck("one", "a", 10.0, 11.0, 13.0)
    met = [Struck("two", "a", 20.0, 21.0, 25.0), Struck("three", "b", 24.0, 24.0, 26.0)]
    assert recoveries([alone, *met], by_target=True) == {"a": spread([2.0])}


def test_what_was_never_recovered_from_is_missing() -> None:
    assert recoveries([Struck("one", "a", 1.0, 2.0)], by_target=False)["one"].missing == 1


@pytest.mark.parametrize(
    ("at", "name"),
    [
        (5.0, "healthy"),
        (10.5, "redis hung"),
        (12.0, "under faults"),
        (14.0, "under faults"),  # recovered from, and felt all the same
        (16.0, "healthy"),
    ],
)
def test_a_submit_counts_where_it_was_sent(at: float, name: str) -> None:
    struck = [Struck("redis hung", "redis hung", 10.0, 11.0, 13.0, settled=15.0)]
    assert list(posts([Post(at, 0.1, 202)], struck)) == [name]


def test_what_did_not_settle_is_felt_until_something_later_has() -> None:
    first, second = Struck("one", "", 1.0, 2.0, 3.0), Struck("two", "", 8.0, 8.0, settled=9.0)
    assert list(posts([Post(7.0, 0.1, 202)], [first, second])) == ["under faults"]
    assert list(posts([Post(10.0, 0.1, 202)], [first, second])) == ["healthy"]
