import pytest

from shared.backlog.backlogs import Move
from shared.backlog.entries import Entry
from shared.domain.names import Backlog, Priority, Stage

WINE = Backlog(Stage.PREDICT, "wine", "1")


@pytest.fixture
def settings(settings):
    """A take ends at 10 kB."""
    return settings.model_copy(update={"batch_max_bytes": 10_000})


@pytest.fixture
def bring(backlogs, new_job):
    """Puts jobs on the predict backlog."""

    def put(count: int, payload: bytes = b"", **entry: object) -> None:
        jobs = [new_job() for _ in range(count)]
        moves = [Move(Entry(job.snapshot(1024), payload, **entry), WINE) for job in jobs]
        assert all(backlogs.move(moves))

    return put


@pytest.fixture
def take(backlogs):
    """Takes up to so many rows, and says how many entries that were."""
    return lambda rows: len(backlogs.take(WINE, "a", rows).taken)


@pytest.fixture
def commands_of(valkey):
    """How often a command is called meanwhile."""

    def count(command: str, action) -> int:
        valkey.config_resetstat()
        action()
        return valkey.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})["calls"]

    return count


def test_rows_are_counted_not_jobs(bring, take) -> None:
    bring(20, rows=5)
    assert [take(12), take(12), take(100)] == [3, 3, 14]


def test_a_job_of_more_rows_than_a_run_is_taken_alone(bring, take) -> None:
    bring(2, rows=50)
    assert [take(12), take(12), take(12)] == [1, 1, 0]


def test_a_job_without_rows_counts_as_one(bring, take) -> None:
    bring(5, rows=0)
    assert take(3) == 3


def test_a_take_ends_with_the_bytes(bring, take) -> None:
    bring(20, payload=bytes(2_000))
    assert [take(100), take(100)] == [5, 5]


def test_what_stands_in_the_blob_store_weighs_too(bring, take) -> None:
    bring(20, payload_ref="tensors/1", stored_bytes=4_000)
    assert [take(100), take(100)] == [3, 3]


def test_one_entry_above_every_bound_is_taken_all_the_same(bring, take) -> None:
    bring(2, payload=bytes(20_000), rows=50)
    assert [take(10), take(10)] == [1, 1]


def test_the_bounds_hold_over_all_priorities(backlogs, bring, take, new_job) -> None:
    bring(2, rows=5)
    for priority in Priority:
        job = new_job(priority=priority).snapshot(1024)
        backlogs.move([Move(Entry(job, rows=5), WINE)])
    assert [take(10), take(10), take(10)] == [2, 2, 1]


@pytest.mark.parametrize("entry", [{"rows": 8}, {"payload": bytes(9_000)}, {}])
def test_a_take_that_reached_a_bound_rings(bring, take, bells, entry) -> None:
    bring(9, **entry)
    bells.clear()
    assert take(8) < 9
    assert bells.rung == [WINE]


def test_a_take_within_its_bounds_stays_silent(bring, take, bells) -> None:
    bring(3, payload=bytes(2_000), rows=2)
    bells.clear()
    assert take(7) == 3
    assert bells.rung == []


def test_entries_that_grow_heavy_exceed_a_bound_by_less_than_a_slice(bring, take) -> None:
    bring(40)
    take(20)
    bring(100, rows=20)
    assert 20 < take(40) < 20 + 16


def test_an_entry_of_an_older_release_weighs_its_payload(
    backlogs, bring, take, valkey, keys
) -> None:
    bring(5, payload=bytes(4_000))
    stream = keys.stream(WINE, Priority.NORMAL)
    for entry_id, fields in valkey.xrange(stream):
        valkey.xdel(stream, entry_id)
        valkey.xadd(stream, {name: fields[name] for name in (b"k", b"f", b"h", b"p")})
    (one, *_) = backlogs.take(WINE, "a", 2).taken
    assert (one.entry.rows, one.entry.stored_bytes) == (1, 0)
    assert take(100) == 3


def test_a_full_take_reads_once_for_16_jobs(bring, take, commands_of) -> None:
    bring(64)
    take(1)
    assert commands_of("xreadgroup", lambda: take(64)) == 4
    bring(16)
    assert commands_of("xreadgroup", lambda: take(64)) == 2


def test_an_idle_take_reads_once(bring, take, commands_of) -> None:
    bring(2)
    take(64)
    bring(2)
    assert commands_of("xreadgroup", lambda: take(64)) == 1


def test_rows_and_bytes_travel_along(backlogs, bring) -> None:
    bring(1, payload=b"12", payload_ref="tensors/1", rows=3, stored_bytes=500)
    (one,) = backlogs.take(WINE, "a", 9).taken
    assert (one.entry.rows, one.entry.stored_bytes, one.entry.weight) == (3, 500, 502)
