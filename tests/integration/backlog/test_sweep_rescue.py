from datetime import timedelta

import pytest

from shared.backlog.backlogs import Move
from shared.backlog.consumers import Consumer
from shared.backlog.entries import Entry
from shared.db.engine import writing
from shared.domain.names import GROUP, RECORD, Backlog, Priority, Stage
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle
from shared.jobs.lifecycle import End
from workers.sweep_steps import LOOK_ALIVE_SECONDS

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


@pytest.fixture
def dispatch(accept, backlogs):
    """Makes a job that is in SQL and on its preprocess backlog."""

    def make(crashes: int = 0, **changes):
        job = accept(**changes)
        entry = Entry(job.snapshot(1024), job.input, crashes=crashes)
        assert backlogs.move([Move(entry, WINE)]) == [True]
        return job

    return make


@pytest.fixture
def die(valkey, keys):
    """The heartbeat of a consumer expires."""

    def run(consumer: Consumer) -> None:
        valkey.delete(keys.heartbeat(consumer.name))

    return run


def test_a_living_worker_keeps_its_work(dispatch, backlogs, sweep, consumer, entries_of) -> None:
    job = dispatch()
    backlogs.take(WINE, consumer.name, 9)
    sweep.rescue_the_lost()
    assert entries_of(job.id) == [("preprocess", consumer.name)]


def test_what_a_dead_worker_was_running_is_a_suspect(
    dispatch, backlogs, sweep, consumer, die, row, clock, snapshot, entries_of
) -> None:
    job = dispatch()
    backlogs.take(WINE, consumer.name, 9)
    consumer.note_running([job.id])
    die(consumer)
    sweep.rescue_the_lost()
    assert (row(job.id)["crashes"], row(job.id)["attempt"]) == (1, 1)
    assert row(job.id)["dispatch_after"] == clock.now() + timedelta(seconds=1)
    assert (snapshot(job.id), entries_of(job.id)) == (None, [])


def test_what_a_dead_worker_only_held_is_free_at_once(
    dispatch, backlogs, sweep, consumer, die, row, clock
) -> None:
    running, held = dispatch(created_at=clock.now()), dispatch(created_at=clock.now())
    backlogs.take(WINE, consumer.name, 9)
    consumer.note_running([running.id])
    die(consumer)
    sweep.rescue_the_lost()
    sweep.dispatch_missing()
    (one,) = backlogs.take(WINE, "b", 9).taken
    assert (one.entry.id, one.entry.attempt, one.entry.suspect) == (held.id, 2, False)
    assert row(held.id)["crashes"] == 0


def test_a_suspect_comes_back_after_its_pause(
    dispatch, backlogs, sweep, consumer, die, clock
) -> None:
    job = dispatch()
    backlogs.take(WINE, consumer.name, 9)
    consumer.note_running([job.id])
    die(consumer)
    sweep.rescue_the_lost()
    sweep.dispatch_missing()
    assert backlogs.take(WINE, "b", 9).taken == []
    clock.advance(1)
    sweep.dispatch_missing()
    (one,) = backlogs.take(WINE, "b", 9).taken
    assert (one.entry.attempt, one.entry.crashes) == (2, 1)


def test_the_third_crash_ends_the_job(
    dispatch, backlogs, sweep, valkey, settings, die, row, snapshot, clock
) -> None:
    job = dispatch()
    for _ in range(3):
        consumer = Consumer(valkey, "predict", settings)
        backlogs.take(WINE, consumer.name, 9)
        consumer.note_running([job.id])
        die(consumer)
        sweep.rescue_the_lost()
        clock.advance(25)
        sweep.dispatch_missing()
    assert (row(job.id)["status"], row(job.id)["error_code"]) == ("failed", "worker_lost")
    assert (snapshot(job.id)["error_code"], snapshot(job.id)["terminal"]) == ("worker_lost", True)
    assert backlogs.take(WINE, "z", 9).taken == []


def test_outcomes_wait_on_for_the_next_recorder(
    dispatch, backlogs, sweep, consumer, die, row
) -> None:
    job = dispatch()
    (one,) = backlogs.take(WINE, "a", 9).taken
    outcome = Outcome(State.SUCCEEDED, output=b"[1]", predict_time=0.25, batch_size=3)
    done = one.entry._replace(payload=b"[1]", outcome=outcome, crashes=2)
    backlogs.move([Move(done, RECORD, one)])
    backlogs.take(RECORD, consumer.name, 9)
    consumer.note_running([job.id])
    die(consumer)
    sweep.rescue_the_lost()
    (again,) = backlogs.take(RECORD, "b", 9).taken
    assert again.entry == done
    assert row(job.id)["crashes"] == 0


def test_what_sql_already_ended_is_only_let_go(
    dispatch, backlogs, sweep, consumer, die, engine, clock, row, entries_of
) -> None:
    job = dispatch()
    backlogs.take(WINE, consumer.name, 9)
    consumer.note_running([job.id])
    with writing(engine) as connection:
        lifecycle.finish(connection, [End(job.id, None, Outcome(State.CANCELED))], clock.now())
    die(consumer)
    sweep.rescue_the_lost()
    assert (row(job.id)["status"], row(job.id)["crashes"]) == ("canceled", 0)
    assert entries_of(job.id) == []


def test_a_robbed_worker_is_fenced(dispatch, backlogs, sweep, consumer, die) -> None:
    dispatch()
    (one,) = backlogs.take(WINE, consumer.name, 9).taken
    die(consumer)
    sweep.rescue_the_lost()
    assert backlogs.move([Move(one.entry, RECORD, one)]) == [False]
    assert not consumer.beat()


def test_a_dead_worker_is_struck_off(
    dispatch, backlogs, sweep, consumer, die, valkey, keys
) -> None:
    dispatch()
    backlogs.take(WINE, consumer.name, 9)
    die(consumer)
    sweep.rescue_the_lost()
    assert valkey.xinfo_consumers(keys.stream(WINE, Priority.NORMAL), GROUP) == []
    assert not valkey.exists(keys.running(consumer.name))


def test_an_idle_worker_that_died_is_struck_off_unfenced(
    dispatch, backlogs, sweep, consumer, die, valkey, keys
) -> None:
    dispatch()
    taken = backlogs.take(WINE, consumer.name, 9).taken
    backlogs.finish([], taken)
    die(consumer)
    sweep.rescue_the_lost()
    assert valkey.xinfo_consumers(keys.stream(WINE, Priority.NORMAL), GROUP) == []
    assert consumer.beat()


def test_a_sweeper_that_just_started_beside_a_young_redis_waits(
    dispatch, backlogs, new_sweep, consumer, die, clock, entries_of
) -> None:
    job = dispatch()
    backlogs.take(WINE, consumer.name, 9)
    sweep = new_sweep()
    sweep.watch.lost()
    die(consumer)
    sweep.rescue_the_lost()
    clock.advance(LOOK_ALIVE_SECONDS - 0.1)
    sweep.rescue_the_lost()
    assert entries_of(job.id) == [("preprocess", consumer.name)]
    clock.advance(0.1)
    sweep.rescue_the_lost()
    assert entries_of(job.id) == []


def test_an_entry_that_is_gone_is_let_go(
    dispatch, backlogs, sweep, consumer, die, valkey, keys
) -> None:
    dispatch()
    (one,) = backlogs.take(WINE, consumer.name, 9).taken
    valkey.xdel(one.stream, one.entry_id)
    die(consumer)
    sweep.rescue_the_lost()
    assert valkey.xpending(one.stream, GROUP)["pending"] == 0


def test_a_dead_worker_that_held_much_is_robbed_slice_by_slice(
    dispatch, backlogs, new_sweep, consumer, die, settings, entries_of
) -> None:
    jobs = [dispatch() for _ in range(3)]
    backlogs.take(WINE, consumer.name, 9)
    die(consumer)
    sweep = new_sweep(settings=settings.model_copy(update={"sweep_slice": 2}))
    sweep.rescue_the_lost()
    assert [entries_of(job.id) for job in jobs] == [[], [], [("preprocess", consumer.name)]]
    sweep.rescue_the_lost()
    assert entries_of(jobs[2].id) == []
