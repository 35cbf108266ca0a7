import orjson

from shared.domain.names import RECORD, Backlog, Stage

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


def test_a_finished_job_is_read_from_redis_for_a_while(
    backlogs, enqueue, snapshot, valkey, keys, settings
) -> None:
    job = enqueue()
    assert valkey.ttl(keys.snapshot(job.id)) == -1  # it never expires while it is owed
    backlogs.finish([snapshot(job.id) | {"terminal": True, "output": 3}])
    assert snapshot(job.id)["output"] == 3
    assert 0 < valkey.ttl(keys.snapshot(job.id)) <= settings.snapshot_ttl_seconds


def test_entries_of_finished_jobs_are_gone(backlogs, enqueue, entries_of) -> None:
    job, other = enqueue(), enqueue()
    first, _ = backlogs.take(WINE, "a", 9).taken
    backlogs.finish([first.entry.job | {"terminal": True}], [first])
    assert entries_of(job.id) == []
    assert entries_of(other.id) == [("preprocess", "a")]


def test_finished_jobs_are_published_with_their_snapshots(
    backlogs, enqueue, snapshot, valkey, keys
) -> None:
    jobs = [enqueue() for _ in range(2)]
    with valkey.pubsub() as channel:
        channel.subscribe(keys.done)
        assert channel.get_message(timeout=5)["type"] == "subscribe"
        backlogs.finish([snapshot(job.id) | {"terminal": True} for job in jobs])
        message = channel.get_message(timeout=5)
    told = orjson.loads(message["data"])
    assert {job_id: orjson.loads(data) for job_id, data in told.items()} == {
        job.id: snapshot(job.id) for job in jobs
    }


def test_of_a_large_snapshot_only_the_id_is_published(
    backlogs, enqueue, snapshot, valkey, keys
) -> None:
    job = enqueue()
    with valkey.pubsub() as channel:
        channel.subscribe(keys.done)
        channel.get_message(timeout=5)
        backlogs.finish([snapshot(job.id) | {"terminal": True, "output": "x" * 5000}])
        message = channel.get_message(timeout=5)
    assert orjson.loads(message["data"]) == {job.id: None}


def test_entries_can_leave_without_an_outcome(backlogs, enqueue, entries_of, snapshot) -> None:
    job = enqueue()
    taken = backlogs.take(WINE, "a", 9).taken
    backlogs.finish([], taken)
    assert entries_of(job.id) == []
    assert not snapshot(job.id)["terminal"]


def test_a_job_that_redis_lost_can_be_finished(backlogs, new_job, snapshot) -> None:
    job = new_job()
    backlogs.finish([job.snapshot(1024) | {"terminal": True}])
    assert snapshot(job.id)["terminal"]
    assert backlogs.take(RECORD, "a", 9).taken == []


def test_any_number_may_end_at_once(backlogs, enqueue, new_job, snapshot, entries_of) -> None:
    """As many as have joined one job: more than a script can be given."""
    leader = enqueue()
    joined = [new_job().snapshot(1024) | {"terminal": True} for _ in range(9000)]
    taken = backlogs.take(WINE, "a", 9).taken
    backlogs.finish([snapshot(leader.id) | {"terminal": True}, *joined], taken)
    assert all(snapshot(one["id"]) for one in (joined[0], joined[-1]))
    assert entries_of(leader.id) == []
