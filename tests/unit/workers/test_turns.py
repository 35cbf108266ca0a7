from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.names import Priority
from workers.turns import LOW_WAITS_TAKES, NORMAL_WAITS_TAKES, Turns

HIGH, NORMAL, LOW = Priority
ROWS = 4


class Queue:
    """What waits, by priority; takes from it as a worker does, `ROWS` at a time."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.waiting: Counter[Priority] = Counter()

    def take(self) -> Counter[Priority]:
        taken: Counter[Priority] = Counter()
        for priority in self.turns.order:
            taken[priority] = min(self.waiting[priority], ROWS - taken.total())
        self.waiting -= taken
        self.turns.took({one for one in taken if taken[one]}, full=taken.total() == ROWS)
        return taken


arrivals = st.lists(st.lists(st.sampled_from(list(Priority)), max_size=12), max_size=60)


@given(arrivals, st.sampled_from([NORMAL, LOW]))
def test_a_flood_of_a_lower_one_delays_high_by_no_take(history, flooding) -> None:
    """Whatever came before: the take after the one that runs brings it."""
    queue = Queue()
    for arrived in history:
        queue.waiting += Counter(one for one in arrived if one is flooding)
        queue.take()
    queue.waiting += Counter({flooding: 100, HIGH: 1})
    assert queue.take()[HIGH] == 1


@given(arrivals)
def test_no_flood_starves_anybody(history) -> None:
    queue = Queue()
    for arrived in history:
        queue.waiting += Counter(arrived)
        queue.take()
    queue.waiting += Counter({HIGH: 1000, NORMAL: 1, LOW: 1})
    normal, low = queue.waiting[NORMAL], queue.waiting[LOW]
    for _ in range(LOW_WAITS_TAKES + 1):
        queue.take()
    assert queue.waiting[NORMAL] < normal
    assert queue.waiting[LOW] < low


@pytest.mark.parametrize("waiting", [NORMAL, LOW])
def test_a_turn_that_nobody_takes_is_over(waiting: Priority) -> None:
    """Without it, low would be asked first for ever where none comes, and normal never again."""
    queue = Queue()
    queue.waiting += Counter({HIGH: 1000, waiting: 1000})
    turns = [queue.take()[waiting] > 0 for _ in range(160)]
    assert sum(turns[80:]) >= sum(turns[:80]) > 0


def test_under_a_flood_of_all_each_has_its_share() -> None:
    queue = Queue()
    queue.waiting += Counter(dict.fromkeys(Priority, 10000))
    taken = sum((queue.take() for _ in range(160)), Counter())
    assert {one: taken[one] // ROWS for one in Priority} == {HIGH: 111, NORMAL: 39, LOW: 10}


@pytest.mark.parametrize("full", [True, False])
def test_only_a_full_take_leaves_somebody_waiting(full: bool) -> None:
    turns = Turns()
    for _ in range(NORMAL_WAITS_TAKES):
        turns.took([HIGH], full=full)
    assert turns.order == ((NORMAL, HIGH, LOW) if full else (HIGH, NORMAL, LOW))
