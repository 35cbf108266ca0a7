import pytest

from shared.domain.names import Backlog, Priority, Stage

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


@pytest.fixture
def spoil(valkey, keys):
    """Replaces the only entry of the backlog by one with other fields."""

    def change(**fields: bytes) -> None:
        stream = keys.stream(WINE, Priority.NORMAL)
        ((entry_id, old),) = valkey.xrange(stream)
        valkey.xdel(stream, entry_id)
        valkey.xadd(stream, old | {name.encode(): value for name, value in fields.items()})

    return change


@pytest.mark.parametrize("header", [b"{", b"[]", b'{"v":99}', b"\xff", b"", b'{"v":1,"job":{}}'])
def test_an_unreadable_entry_is_put_aside(
    backlogs, enqueue, spoil, valkey, keys, snapshot, entries_of, header
) -> None:
    job = enqueue()
    spoil(h=header)
    assert backlogs.take(WINE, "a", 9).taken == []
    assert entries_of(job.id) == []
    assert snapshot(job.id) is None  # so SQL dispatches it again
    assert job.id.encode() in valkey.lindex(keys.quarantine, 0)


def test_an_unreadable_entry_keeps_nobody_back(backlogs, enqueue, spoil) -> None:
    enqueue()
    spoil(h=b"{")
    good = enqueue()
    assert [one.entry.id for one in backlogs.take(WINE, "a", 9).taken] == [good.id]


def test_an_entry_from_elsewhere_is_no_obstacle(backlogs, enqueue, valkey, keys) -> None:
    valkey.xadd(keys.stream(WINE, Priority.NORMAL), {"x": "1"})
    good = enqueue()
    assert [one.entry.id for one in backlogs.take(WINE, "a", 9).taken] == [good.id]
    assert valkey.xlen(keys.stream(WINE, Priority.NORMAL)) == 1


def test_the_quarantine_keeps_the_last_hundred(backlogs, enqueue, spoil, valkey, keys) -> None:
    valkey.lpush(keys.quarantine, *(b"old" for _ in range(100)))
    enqueue()
    spoil(h=b"{")
    backlogs.take(WINE, "a", 9)
    assert valkey.llen(keys.quarantine) == 100
    assert valkey.lindex(keys.quarantine, 0) != b"old"


@pytest.mark.parametrize("job", [b"null", b"7", b"[]", b'{"id":"x"}', b'"text"'])
def test_an_entry_without_a_whole_job_is_put_aside(backlogs, enqueue, spoil, valkey, keys, job):
    enqueue()
    ((_, fields),) = valkey.xrange(keys.stream(WINE, Priority.NORMAL))
    start, rest = fields[b"h"].split(b'"job":', 1)
    spoil(h=start + b'"job":' + job + b',"ref":' + rest.split(b',"ref":', 1)[1])
    taken = backlogs.take(WINE, "a", 9).taken
    assert [(one.entry.id, one.entry.attempt, one.entry.suspect) for one in taken] == []
