"""The function that asserts the partition, over a real server and a real database."""

import pytest

from shared.backlog.backlogs import Move
from shared.backlog.entries import Entry
from shared.domain.names import RECORD, Backlog, Priority, Stage
from workers.partition import Rule, violations

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


@pytest.fixture
def dispatched(accept, backlogs):
    def make():
        job = accept()
        backlogs.move([Move(Entry(job.snapshot(1024), job.input), WINE)])
        return job

    return make


def test_a_whole_system_has_none(dispatched, accept, backlogs, settings) -> None:
    for _ in range(600):
        dispatched()
    accept()  # not dispatched yet
    held, passed = backlogs.take(WINE, "a", 2).taken
    backlogs.move([Move(passed.entry, RECORD, passed)])
    backlogs.finish([held.entry.job | {"terminal": True}], [held])
    assert violations(settings) == []


@pytest.mark.parametrize("lost", ["stream", "set of streams"])
def test_a_lost_key_is_seen(dispatched, settings, valkey, keys, lost) -> None:
    job = dispatched()
    valkey.delete(keys.streams if lost != "stream" else keys.stream(WINE, Priority.NORMAL))
    (found,) = violations(settings)
    assert (found.job_id, found.rule, found.found) == (job.id, Rule.ONE_ENTRY, "0 entries")


def test_an_entry_too_many_is_seen(dispatched, settings, valkey, keys) -> None:
    dispatched()
    stream = keys.stream(WINE, Priority.NORMAL)
    ((_, fields),) = valkey.xrange(stream)
    valkey.xadd(stream, fields)
    assert [one.found for one in violations(settings)] == ["2 entries"]
