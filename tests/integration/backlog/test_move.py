import pytest

from shared.backlog.backlogs import Move, following
from shared.backlog.entries import Entry
from shared.domain.names import RECORD, Backlog, Priority, Stage

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
PREDICT = Backlog(Stage.PREDICT, "wine", "1")


@pytest.fixture
def held(backlogs, enqueue):
    """A job of which consumer "a" holds the entry."""
    job = enqueue()
    (one,) = backlogs.take(WINE, "a", 9).taken
    assert one.entry.id == job.id
    return one


def test_the_stages_follow_each_other() -> None:
    assert [following(WINE), following(PREDICT)] == [PREDICT, RECORD]


def test_a_moved_entry_is_in_one_place_only(backlogs, held, entries_of) -> None:
    assert entries_of(held.entry.id) == [("preprocess", "a")]
    assert backlogs.move([Move(held.entry._replace(payload=b"t"), PREDICT, held)]) == [True]
    assert entries_of(held.entry.id) == [("predict", None)]
    assert backlogs.take(PREDICT, "b", 9).taken[0].entry.payload == b"t"


def test_a_move_carries_the_snapshot_along(backlogs, held, snapshot) -> None:
    onward = held.entry._replace(job=held.entry.job | {"stage": "predicting"})
    backlogs.move([Move(onward, PREDICT, held)])
    assert snapshot(held.entry.id)["stage"] == "predicting"


def test_a_job_keeps_its_priority(backlogs, enqueue, valkey, keys) -> None:
    enqueue(priority=Priority.HIGH)
    (one,) = backlogs.take(WINE, "a", 9).taken
    backlogs.move([Move(one.entry, PREDICT, one)])
    assert valkey.xlen(keys.stream(PREDICT, Priority.HIGH)) == 1


def test_every_stream_is_on_the_list_of_streams(backlogs, held, valkey, keys) -> None:
    backlogs.move([Move(held.entry, RECORD, held)])
    streams = {keys.stream(one, Priority.NORMAL).encode() for one in (WINE, RECORD)}
    assert valkey.smembers(keys.streams) == streams


def test_a_job_without_snapshot_is_not_moved(backlogs, held, valkey, keys, entries_of) -> None:
    valkey.delete(keys.snapshot(held.entry.id))
    assert backlogs.move([Move(held.entry, PREDICT, held)]) == [False]
    assert entries_of(held.entry.id) == []
    assert not valkey.exists(keys.snapshot(held.entry.id))


def test_a_job_that_ended_is_not_moved(backlogs, held, snapshot, entries_of) -> None:
    ended = held.entry.job | {"terminal": True, "status": "canceled"}
    backlogs.finish([ended])
    assert backlogs.move([Move(held.entry, PREDICT, held)]) == [False]
    assert snapshot(held.entry.id)["status"] == "canceled"
    assert entries_of(held.entry.id) == []


def test_a_job_of_another_attempt_is_not_moved(backlogs, held, snapshot, entries_of) -> None:
    backlogs.move([Move(held.entry, None, held)])
    second = held.entry._replace(job=held.entry.job | {"attempt": 2})
    backlogs.move([Move(second, WINE)])
    assert backlogs.move([Move(held.entry, PREDICT, held)]) == [False]
    assert snapshot(held.entry.id)["attempt"] == 2
    assert entries_of(held.entry.id) == [("preprocess", None)]


def test_a_refused_neighbour_keeps_nobody_back(backlogs, enqueue, valkey, keys) -> None:
    jobs = [enqueue() for _ in range(3)]
    taken = backlogs.take(WINE, "a", 9).taken
    valkey.delete(keys.snapshot(jobs[1].id))
    assert backlogs.move([Move(one.entry, PREDICT, one) for one in taken]) == [True, False, True]
    moved = backlogs.take(PREDICT, "b", 9).taken
    assert [one.entry.id for one in moved] == [jobs[0].id, jobs[2].id]


def test_a_job_that_is_in_redis_is_not_dispatched_again(backlogs, enqueue, entries_of) -> None:
    job = enqueue()
    again = Entry(job.snapshot(1024) | {"attempt": 2}, job.input)
    assert backlogs.move([Move(again, WINE)]) == [False]
    assert entries_of(job.id) == [("preprocess", None)]


def test_a_job_that_ended_is_not_dispatched_again(backlogs, held, entries_of) -> None:
    backlogs.finish([held.entry.job | {"terminal": True}], [held])
    again = held.entry._replace(job=held.entry.job | {"attempt": 2})
    assert backlogs.move([Move(again, WINE)]) == [False]
    assert entries_of(held.entry.id) == []


def test_a_job_given_back_leaves_no_trace(backlogs, held, snapshot, entries_of) -> None:
    assert backlogs.move([Move(held.entry, None, held)]) == [True]
    assert (snapshot(held.entry.id), entries_of(held.entry.id)) == (None, [])


@pytest.mark.parametrize("destination", [PREDICT, RECORD, None])
def test_who_still_holds_an_old_attempt_moves_nothing_of_the_new_one(
    backlogs, held, valkey, keys, snapshot, entries_of, destination
) -> None:
    """A zombie before anybody has taken its entries away: only the fence tells."""
    later = valkey.get(keys.snapshot(held.entry.id)).replace(b'"attempt":1', b'"attempt":2', 1)
    valkey.set(keys.snapshot(held.entry.id), later)
    assert backlogs.move([Move(held.entry, destination, held)]) == [False]
    assert snapshot(held.entry.id)["attempt"] == 2
    assert entries_of(held.entry.id) == []


def test_moving_nothing_asks_redis_nothing(backlogs, valkey) -> None:
    valkey.close()
    assert backlogs.move([]) == []


def test_a_large_group_moves_in_one_step(backlogs, new_job, valkey, keys) -> None:
    jobs = [new_job() for _ in range(500)]
    moves = [Move(Entry(job.snapshot(1024), job.input), WINE) for job in jobs]
    assert backlogs.move(moves) == [True] * 500
    taken = backlogs.take(WINE, "a", 500).taken
    assert backlogs.move([Move(one.entry, RECORD, one) for one in taken]) == [True] * 500
    assert valkey.xlen(keys.stream(RECORD, Priority.NORMAL)) == 500


def test_who_holds_what_redis_gave_to_another_meanwhile_moves_nothing(
    backlogs, held, valkey, entries_of
) -> None:
    """As after a Redis that went back in time: another one has taken it, and passed it on."""
    assert backlogs.move([Move(held.entry, PREDICT, held)]) == [True]
    for destination in (PREDICT, None):
        assert backlogs.move([Move(held.entry, destination, held)]) == [False]
    assert entries_of(held.entry.id) == [("predict", None)]


def test_of_a_batch_only_what_is_still_there_moves(backlogs, enqueue, entries_of) -> None:
    jobs = [enqueue() for _ in range(3)]
    first, *others = backlogs.take(WINE, "a", 9).taken
    backlogs.move([Move(first.entry, PREDICT, first)])
    assert backlogs.move([Move(one.entry, RECORD, one) for one in (first, *others)]) == [0, 1, 1]
    assert [len(entries_of(job.id)) for job in jobs] == [1, 1, 1]


def test_work_goes_on_where_its_whole_stream_was_lost(
    backlogs, held, valkey, keys, entries_of
) -> None:
    valkey.delete(keys.stream(WINE, Priority.NORMAL))
    assert backlogs.move([Move(held.entry, PREDICT, held)]) == [True]
    assert entries_of(held.entry.id) == [("predict", None)]


@pytest.mark.parametrize("stream_lost", [False, True])
def test_what_was_given_twice_goes_on_once(
    backlogs, held, valkey, keys, entries_of, stream_lost
) -> None:
    """Taken, then taken once more from a Redis that had gone back in time: one batch holds both."""
    if stream_lost:
        valkey.delete(keys.stream(WINE, Priority.NORMAL))
    assert backlogs.move([Move(held.entry, PREDICT, held)] * 2) == [True, False]
    assert entries_of(held.entry.id) == [("predict", None)]
