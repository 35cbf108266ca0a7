from collections import Counter

from loadtests.chaos.orders import Way, orders


def test_a_seed_gives_the_same_orders() -> None:
    assert list(orders(200, 7)) == list(orders(200, 7)) != list(orders(200, 8))


def test_all_kinds_are_among_them() -> None:
    found = list(orders(1000, 1))
    assert {one.way for one in found} == set(Way)
    assert {one.model for one in found} == {"quick", "slow", "large"}
    assert any(one.deadline_seconds for one in found)
    assert any(one.cancel_after is not None for one in found)
    assert any(one.webhook for one in found)


def test_equal_inputs_are_neither_canceled_nor_late() -> None:
    """Else nobody could say how often they should have run."""
    found = list(orders(1000, 1))
    shared = {number for number, times in Counter(one.number for one in found).items() if times > 1}
    assert shared
    assert not [
        one
        for one in found
        if one.number in shared and (one.deadline_seconds or one.cancel_after is not None)
    ]
