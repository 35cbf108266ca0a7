from shared.backlog.backlogs import Move
from shared.domain.names import GROUP, RECORD, Backlog, Priority, Stage

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


def ids(take) -> list[str]:
    return [one.entry.id for one in take.taken]


def test_a_take_brings_at_most_what_was_asked_for(backlogs, enqueue) -> None:
    jobs = [enqueue() for _ in range(3)]
    assert ids(backlogs.take(WINE, "a", 2)) == [job.id for job in jobs[:2]]
    assert ids(backlogs.take(WINE, "b", 2)) == [jobs[2].id]
    assert ids(backlogs.take(WINE, "a", 2)) == []


def test_a_take_of_nothing_at_all_is_empty(backlogs) -> None:
    assert backlogs.take(WINE, "a", 9).taken == []


def test_an_entry_arrives_as_it_was_sent(backlogs, enqueue, snapshot) -> None:
    job = enqueue(metadata=b'{"a":1}')
    (one,) = backlogs.take(WINE, "a", 9).taken
    assert (one.entry.payload, one.entry.attempt, one.entry.crashes) == (job.input, 1, 0)
    assert one.entry.job["metadata"] == {"a": 1}


def test_what_is_taken_is_noted_as_running(backlogs, enqueue, valkey, keys) -> None:
    first, second = enqueue(), enqueue()
    backlogs.take(WINE, "a", 9)
    assert valkey.hvals(keys.running("a")) == [f"{first.id},{second.id}".encode()]
    assert valkey.ttl(keys.running("a")) > 0


def test_outcomes_run_no_more(backlogs, enqueue, valkey, keys) -> None:
    enqueue()
    (one,) = backlogs.take(WINE, "a", 9).taken
    backlogs.move([Move(one.entry, RECORD, one)])
    assert backlogs.take(RECORD, "b", 9).taken
    assert not valkey.exists(keys.running("b"))


def test_higher_priorities_are_taken_first(backlogs, enqueue) -> None:
    low = enqueue(priority=Priority.LOW)
    normal = enqueue(priority=Priority.NORMAL)
    high = enqueue(priority=Priority.HIGH)
    assert ids(backlogs.take(WINE, "a", 9)) == [high.id, normal.id, low.id]


def test_the_order_of_a_take_can_be_given(backlogs, enqueue) -> None:
    low, high = enqueue(priority=Priority.LOW), enqueue(priority=Priority.HIGH)
    order = (Priority.LOW, Priority.NORMAL, Priority.HIGH)
    assert ids(backlogs.take(WINE, "a", 1, order)) == [low.id] != [high.id]


def test_a_preprocess_take_shows_in_the_prediction(backlogs, enqueue, snapshot) -> None:
    job = enqueue(input=b'{"stage":"predicting","text":"}{"}')
    before = snapshot(job.id)
    backlogs.take(WINE, "a", 9)
    assert snapshot(job.id) == before | {"status": "processing", "stage": "preprocessing"}
    assert list(snapshot(job.id)) == list(before)


def test_a_later_take_leaves_the_prediction_alone(backlogs, enqueue, snapshot) -> None:
    job = enqueue()
    (one,) = backlogs.take(WINE, "a", 9).taken
    backlogs.move([Move(one.entry, RECORD, one)])
    before = snapshot(job.id)
    assert ids(backlogs.take(RECORD, "b", 9)) == [job.id]
    assert snapshot(job.id) == before


def test_a_take_says_that_its_consumer_lives(backlogs, valkey, keys, settings) -> None:
    backlogs.take(WINE, "a", 9)
    assert 0 < valkey.ttl(keys.heartbeat("a")) <= settings.heartbeat_ttl_seconds


def test_a_take_tells_the_time_of_redis(backlogs, valkey) -> None:
    before, _ = valkey.time()
    assert before <= backlogs.take(WINE, "a", 9).at <= before + 60


def test_a_job_that_ended_meanwhile_is_not_taken(backlogs, enqueue, snapshot, entries_of) -> None:
    canceled, other = enqueue(), enqueue()
    backlogs.finish([snapshot(canceled.id) | {"terminal": True}])
    assert ids(backlogs.take(WINE, "a", 9)) == [other.id]
    assert entries_of(canceled.id) == []


def test_an_entry_of_an_earlier_attempt_is_not_taken(
    backlogs, enqueue, valkey, keys, snapshot, entries_of
) -> None:
    job = enqueue()
    later = valkey.get(keys.snapshot(job.id)).replace(b'"attempt":1', b'"attempt":12', 1)
    valkey.set(keys.snapshot(job.id), later)
    assert ids(backlogs.take(WINE, "a", 9)) == []
    assert entries_of(job.id) == []
    assert snapshot(job.id)["attempt"] == 12


def test_a_job_without_snapshot_is_not_taken(backlogs, enqueue, valkey, keys, entries_of) -> None:
    job = enqueue()
    valkey.delete(keys.snapshot(job.id))
    assert ids(backlogs.take(WINE, "a", 9)) == []
    assert entries_of(job.id) == []


def test_a_lost_group_is_made_anew(backlogs, enqueue, valkey, keys) -> None:
    job = enqueue()
    stream = keys.stream(WINE, Priority.NORMAL)
    valkey.xgroup_create(stream, GROUP, "$")
    valkey.xgroup_destroy(stream, GROUP)
    assert ids(backlogs.take(WINE, "a", 9)) == [job.id]


def test_scripts_survive_a_flush_of_the_script_cache(backlogs, enqueue, valkey, snapshot) -> None:
    job = enqueue()
    valkey.script_flush()
    (one,) = backlogs.take(WINE, "a", 9).taken
    valkey.script_flush()
    assert backlogs.move([Move(one.entry, RECORD, one)]) == [True]
    valkey.script_flush()
    backlogs.finish([snapshot(job.id) | {"terminal": True}])
    assert snapshot(job.id)["terminal"]
