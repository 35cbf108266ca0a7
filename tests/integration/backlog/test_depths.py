import time

from shared.backlog.depths import read_depths
from shared.domain.names import Backlog, Priority, Stage

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


def test_nothing_stands_where_nothing_ever_was(valkey, keys) -> None:
    assert read_depths(valkey, keys) == []


def test_it_tells_what_waits_and_what_is_in_somebody_s_hands(
    valkey, keys, enqueue, backlogs
) -> None:
    for _ in range(3):
        enqueue()
    time.sleep(0.01)
    backlogs.take(WINE, "preprocess:1", 1)
    [depth] = read_depths(valkey, keys)
    assert (depth.backlog, depth.priority) == (WINE, Priority.NORMAL)
    assert (depth.waiting, depth.in_progress) == (2, 1)
    assert 0.01 <= depth.oldest_age_seconds < 60


def test_what_nobody_has_looked_at_waits(valkey, keys, enqueue) -> None:
    """No worker has come yet, so the stream has no group."""
    enqueue()
    assert [one.waiting for one in read_depths(valkey, keys)] == [1]


def test_an_empty_stream_has_no_age(valkey, keys, enqueue, backlogs) -> None:
    enqueue()
    backlogs.finish([], backlogs.take(WINE, "preprocess:1", 9).taken)
    [depth] = read_depths(valkey, keys)
    assert (depth.waiting, depth.in_progress, depth.oldest_age_seconds) == (0, 0, 0.0)
