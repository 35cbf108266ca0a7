import pytest

from shared.backlog.backlogs import Move
from shared.domain.names import RECORD, Backlog, Stage

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
DIGITS = Backlog(Stage.PREPROCESS, "digits", "2")


def test_one_bell_rings_for_many_entries(enqueue, bells) -> None:
    for _ in range(3):
        enqueue()
    assert bells.rung == [WINE]


def test_every_backlog_has_its_own_bell(enqueue, bells) -> None:
    enqueue()
    enqueue(model="digits", version="2")
    assert bells.rung == [WINE, DIGITS]


def test_what_is_added_after_a_take_rings_again(backlogs, enqueue, bells) -> None:
    enqueue()
    backlogs.take(WINE, "a", 9)
    enqueue()
    assert bells.rung == [WINE, WINE]


def test_a_take_that_came_back_full_wakes_the_next_worker(backlogs, enqueue, bells) -> None:
    for _ in range(2):
        enqueue()
    bells.clear()
    backlogs.take(WINE, "a", 2)
    assert bells.rung == [WINE]


def test_a_take_that_emptied_the_backlog_stays_silent(backlogs, enqueue, bells) -> None:
    enqueue()
    bells.clear()
    backlogs.take(WINE, "a", 2)
    backlogs.take(WINE, "b", 2)
    assert bells.rung == []


def test_a_full_take_of_stale_entries_rings_too(backlogs, enqueue, valkey, keys, bells) -> None:
    gone, _ = enqueue(), enqueue()
    valkey.delete(keys.snapshot(gone.id))
    bells.clear()
    assert backlogs.take(WINE, "a", 1).taken == []
    assert bells.rung == [WINE]


def test_passing_on_rings_the_next_stage(backlogs, enqueue, bells) -> None:
    enqueue()
    (one,) = backlogs.take(WINE, "a", 9).taken
    bells.clear()
    backlogs.move([Move(one.entry, RECORD, one)])
    assert bells.rung == [RECORD]


def test_a_refused_move_rings_nothing(backlogs, enqueue, valkey, keys, bells) -> None:
    job = enqueue()
    (one,) = backlogs.take(WINE, "a", 9).taken
    valkey.delete(keys.snapshot(job.id))
    bells.clear()
    backlogs.move([Move(one.entry, RECORD, one)])
    assert bells.rung == []


def test_a_hushed_bell_rings_for_nobody_until_the_next_take(backlogs, enqueue, bells) -> None:
    enqueue()
    backlogs.take(WINE, "a", 9)
    bells.clear()
    backlogs.hush(WINE, 5.0)
    enqueue()
    assert bells.rung == []
    assert len(backlogs.take(WINE, "a", 9).taken) == 1
    enqueue()
    assert bells.rung == [WINE]


def test_a_hush_ends_by_itself(backlogs, valkey, keys) -> None:
    backlogs.hush(WINE, 5.0)
    assert 5_000 < valkey.pttl(keys.bell(WINE)) <= 6_000


def test_only_silent_bells_are_rung(backlogs, bells) -> None:
    assert backlogs.ring([WINE, DIGITS]) == [WINE, DIGITS]
    assert backlogs.ring([WINE, RECORD]) == [RECORD]
    assert bells.rung == [WINE, DIGITS, RECORD]


def test_a_bell_falls_silent_by_itself(backlogs, valkey, keys, settings) -> None:
    backlogs.ring([WINE])
    assert 0 < valkey.ttl(keys.bell(WINE)) <= settings.bell_ttl_seconds


@pytest.mark.parametrize("ring", ["ring", "enqueue", "full take"])
def test_no_second_bell_joins_one_that_waits(
    backlogs, enqueue, bells, valkey, keys, settings, ring: str
) -> None:
    """However long nobody takes it: every worker is busy, or nobody serves the lane."""
    if ring == "ring":
        backlogs.ring([WINE])
    else:
        enqueue()
    if ring == "full take":
        enqueue()
        bells.clear()
        backlogs.take(WINE, "a", 1)
    backlogs.ring([WINE])
    assert valkey.ttl(keys.bell(WINE)) > 3 * settings.bell_ttl_seconds
    assert bells.rung == [WINE]


def test_a_bell_that_was_lost_rings_again(backlogs, bells, valkey, keys, settings) -> None:
    """A worker took its message, and died before it took an entry."""
    backlogs.ring([WINE])
    backlogs.ring([WINE])
    bells.clear()
    assert backlogs.ring([WINE]) == []
    assert valkey.ttl(keys.bell(WINE)) <= settings.bell_ttl_seconds
    valkey.delete(keys.bell(WINE))  # it has run out
    assert backlogs.ring([WINE]) == [WINE]
