import pytest

from shared.backlog.backlogs import Move
from shared.domain.names import RECORD, Backlog, Priority, Stage

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


@pytest.fixture
def taken(backlogs, enqueue):
    """Three jobs in the hands of one consumer."""
    for priority in Priority:
        enqueue(priority=priority)
    return backlogs.take(WINE, "a", 9).taken


def test_what_is_still_owed_stays(backlogs, taken, valkey) -> None:
    before, _ = valkey.time()
    look = backlogs.look_again(taken)
    assert look.taken == taken
    assert before <= look.at <= before + 60


def test_a_job_that_ended_since_leaves(backlogs, taken, snapshot, entries_of) -> None:
    canceled = taken[1].entry.id
    backlogs.finish([snapshot(canceled) | {"terminal": True}])
    assert backlogs.look_again(taken).taken == [taken[0], taken[2]]
    assert entries_of(canceled) == []
    assert snapshot(canceled)["terminal"]


def test_a_job_that_was_dispatched_anew_leaves(backlogs, taken, valkey, keys, entries_of) -> None:
    key = keys.snapshot(taken[0].entry.id)
    valkey.set(key, valkey.get(key).replace(b'"attempt":1', b'"attempt":2', 1))
    assert backlogs.look_again(taken).taken == taken[1:]
    assert entries_of(taken[0].entry.id) == []


def test_a_job_that_left_redis_leaves(backlogs, taken, valkey, keys, entries_of) -> None:
    valkey.delete(keys.snapshot(taken[2].entry.id))
    assert backlogs.look_again(taken).taken == taken[:2]
    assert entries_of(taken[2].entry.id) == []


def test_who_was_looked_at_can_be_passed_on(backlogs, taken, entries_of) -> None:
    (one, *_) = backlogs.look_again(taken).taken
    assert backlogs.move([Move(one.entry, RECORD, one)]) == [True]
    assert entries_of(one.entry.id) == [("record", None)]


def test_some_are_owed_until_none_is(backlogs, taken, snapshot, entries_of) -> None:
    for one in taken:
        assert backlogs.owes_any(taken)
        backlogs.finish([snapshot(one.entry.id) | {"terminal": True}])
    assert not backlogs.owes_any(taken)
    assert all(entries_of(one.entry.id) for one in taken)  # it only asks


def test_one_owed_among_many_is_found(backlogs, taken, enqueue, snapshot) -> None:
    for _ in range(40):
        enqueue()
    more = [*backlogs.take(WINE, "a", 99).taken, taken[0]]
    backlogs.finish([snapshot(one.entry.id) | {"terminal": True} for one in more[:-1]])
    assert backlogs.owes_any(more)
