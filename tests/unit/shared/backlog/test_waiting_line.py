import pytest

from shared.backlog.waiting_line import Line

FULL = Line(waiting=4, ranks={"a": 0, "b": 1}, looked_until=100.0, last=110.0)


def test_those_in_front_are_counted() -> None:
    assert [FULL.rank(key, 0.0) for key in ("a", "b")] == [0, 1]


@pytest.mark.parametrize(("since", "rank"), [(100.0, 2), (109.9, 2), (110.0, 3), (999.0, 3)])
def test_those_behind_are_estimated_by_when_they_came(since: float, rank: int) -> None:
    assert FULL.rank("x", since) == rank


def test_who_came_before_those_behind_is_not_in_line() -> None:
    assert FULL.rank("x", 99.0) is None


def test_who_is_not_among_all_that_wait_is_not_in_line() -> None:
    assert Line(waiting=1, ranks={"a": 0}, looked_until=1.0, last=1.0).rank("x", 5.0) is None
    assert Line().rank("x", 5.0) is None
