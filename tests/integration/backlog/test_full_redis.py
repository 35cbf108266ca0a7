from datetime import timedelta

import pytest
import redis

from shared.backlog.backlogs import Move
from shared.domain.names import RECORD, Backlog, Stage
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import views
from workers.sweep_steps import LOOK_ALIVE_SECONDS

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
MISSING_FOR_LONG = 20


def test_a_full_redis_takes_no_new_jobs(enqueue, fill) -> None:
    fill()
    with pytest.raises(redis.ResponseError, match="maxmemory"):
        enqueue()


def test_a_full_redis_still_hands_out_work(backlogs, enqueue, fill) -> None:
    job = enqueue()
    fill()
    assert [one.entry.id for one in backlogs.take(WINE, "a", 9).taken] == [job.id]


def test_a_full_redis_lets_a_take_wait_for_more(backlogs, fill) -> None:
    fill()
    backlogs.hush(WINE, 1.0)


def test_a_full_redis_still_passes_work_on(backlogs, enqueue, fill, entries_of) -> None:
    job = enqueue()
    fill()
    (one,) = backlogs.take(WINE, "a", 9).taken
    assert backlogs.move([Move(one.entry, RECORD, one)]) == [True]
    assert entries_of(job.id) == [("record", None)]


def test_a_full_redis_lets_a_part_of_a_take_run(backlogs, enqueue, fill, consumer, valkey, keys):
    """As what runs stands all that was taken, which is not too little."""
    jobs = [enqueue(), enqueue()]
    fill()
    backlogs.take(WINE, consumer.name, 9)
    consumer.note_running([jobs[0].id])
    (running,) = valkey.hvals(keys.running(consumer.name))
    assert running.decode().split(",") == [job.id for job in jobs]


def test_a_full_redis_lets_workers_say_that_they_live(consumer, fill) -> None:
    consumer.beat()
    fill()
    assert consumer.beat()


def test_a_full_redis_lets_jobs_finish(backlogs, enqueue, fill, snapshot, clock) -> None:
    job = enqueue()
    fill()
    taken = backlogs.take(WINE, "a", 9).taken
    completed = clock.now() + timedelta(seconds=1)
    done = views.finished(snapshot(job.id), Outcome(State.SUCCEEDED, b"1"), completed)
    backlogs.finish([done], taken)
    assert snapshot(job.id)["terminal"]


def test_a_full_redis_lets_a_job_end_that_nobody_holds(
    backlogs, enqueue, fill, snapshot, clock
) -> None:
    job = enqueue()
    fill()
    done = views.finished(snapshot(job.id), Outcome(State.CANCELED), clock.now())
    backlogs.leave([done])
    assert snapshot(job.id)["terminal"]


def test_a_full_redis_lets_a_lost_bell_ring(backlogs, enqueue, fill, bells, valkey, keys) -> None:
    """Else nobody would come for what fills it."""
    enqueue()
    valkey.delete(keys.bell(WINE))
    bells.clear()
    fill()
    assert backlogs.ring([WINE]) == [WINE]
    assert bells.rung == [WINE]


def test_what_a_full_redis_does_not_take_is_no_attempt(accept, sweep, clock, fill, valkey, row):
    """Else a store that hiccups once would seem to have refused a job twenty times."""
    job = accept()
    clock.advance(MISSING_FOR_LONG)
    fill()
    assert (sweep.dispatch_missing().missing, row(job.id)["attempt"]) == (1, 1)
    valkey.config_set("maxmemory", 0)
    sweep.dispatch_missing()
    assert row(job.id)["attempt"] == 2


def test_a_full_redis_keeps_no_sweeper_from_the_dead(
    sweeper, accept, backlogs, enqueue, fill, consumer, clock, snapshot, monkeypatch
) -> None:
    """Though it fills up before it has taken a job that it is missing."""
    monkeypatch.setattr(sweeper._sweep, "_has_room", lambda: True)
    held = enqueue()
    backlogs.take(WINE, consumer.name, 9)
    consumer.leave()
    accept()
    clock.advance(MISSING_FOR_LONG)
    fill()
    for _ in range(2):
        sweeper._round()
        clock.advance(LOOK_ALIVE_SECONDS)
    assert snapshot(held.id) is None
