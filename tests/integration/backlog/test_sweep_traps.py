from contextlib import suppress
from types import SimpleNamespace

import pytest
import redis

from models.registry import Registry
from shared.backlog.backlogs import Backlogs, Move
from shared.backlog.entries import Entry
from shared.domain.names import GROUP, Backlog, Priority, Stage
from shared.payloads.directory import DirectoryBlobs
from workers.sweep_steps import LOOK_ALIVE_SECONDS
from workers.sweeper import Sweeper
from workers.worker import Worker

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


@pytest.fixture
def running(accept, backlogs, consumer, valkey, keys):
    """A job that a worker was running when it died."""
    job = accept()
    backlogs.move([Move(Entry(job.snapshot(1024), job.input), WINE)])
    backlogs.take(WINE, consumer.name, 9)
    consumer.note_running([job.id])
    valkey.delete(keys.heartbeat(consumer.name))
    return job


class Interrupted:
    """Backlogs whose next move is preceded by something else."""

    def __init__(self, backlogs: Backlogs, act) -> None:
        self._backlogs, self._act = backlogs, act

    def move(self, moves):
        act, self._act = self._act, lambda: None
        act()
        return self._backlogs.move(moves)

    def __getattr__(self, name: str):
        return getattr(self._backlogs, name)


def test_two_sweeps_side_by_side_count_one_death_once(running, new_sweep, backlogs, row) -> None:
    second = new_sweep()
    first = new_sweep(backlogs=Interrupted(backlogs, second.rescue_the_lost))
    first.rescue_the_lost()
    assert row(running.id)["crashes"] == 1


def test_a_rescue_that_redis_interrupted_counts_one_death_once(
    running, new_sweep, backlogs, row, clock
) -> None:
    def fail() -> None:
        raise redis.ConnectionError("gone")

    sweep = new_sweep(backlogs=Interrupted(backlogs, fail))
    with pytest.raises(redis.ConnectionError):
        sweep.rescue_the_lost()
    clock.advance(LOOK_ALIVE_SECONDS)
    sweep.rescue_the_lost()
    assert row(running.id)["crashes"] == 1


def test_what_a_dead_worker_held_in_a_newer_format_is_dispatched_again(
    accept, new_sweep, backlogs, consumer, valkey, keys, clock, snapshot
) -> None:
    sweep, job = new_sweep(), accept()
    backlogs.move([Move(Entry(job.snapshot(1024), job.input), WINE)])
    (one,) = backlogs.take(WINE, consumer.name, 9).taken
    ((_, fields),) = valkey.xrange(one.stream)
    valkey.xdel(one.stream, one.entry_id)
    valkey.xadd(one.stream, fields | {b"h": fields[b"h"].replace(b'"v":1', b'"v":9')})
    valkey.xreadgroup(GROUP, consumer.name, {one.stream: ">"})
    valkey.delete(keys.heartbeat(consumer.name))
    sweep.rescue_the_lost()
    sweep.dispatch_missing()
    assert snapshot(job.id)["attempt"] == 2


def test_a_worker_that_lost_redis_and_lives_on_has_not_crashed(
    running, consumer, new_sweep, row
) -> None:
    sweep = new_sweep()
    consumer.start_anew(crashed=False)
    sweep.rescue_the_lost()
    assert row(running.id)["crashes"] == 0


def test_a_rescue_with_sql_away_can_be_repeated(running, new_sweep, engine, row, valkey) -> None:
    from shared.db.engine import create_database_engine
    from shared.errors import Unavailable

    without_sql = new_sweep(engine=create_database_engine("sqlite:////nowhere/at/all.db"))
    with pytest.raises(Unavailable):
        without_sql.rescue_the_lost()
    new_sweep().rescue_the_lost()
    assert row(running.id)["crashes"] == 1


def test_a_worker_that_comes_back_to_life_keeps_its_place(
    running, new_sweep, backlogs, consumer, valkey, keys
) -> None:
    new_sweep(backlogs=Interrupted(backlogs, consumer.beat)).rescue_the_lost()
    (found,) = valkey.xinfo_consumers(keys.stream(WINE, Priority.NORMAL), GROUP)
    assert found["name"].decode() == consumer.name


@pytest.fixture
def worker(backlogs, valkey, settings, clock) -> Worker:
    parts = {"redis": valkey, "settings": settings, "clock": clock}
    parts["blobs"] = DirectoryBlobs(settings.blobs_dir)
    return Worker(Stage.PREPROCESS, SimpleNamespace(backlogs=backlogs, **parts), Registry({}))


def run_and_raise(worker: Worker, error: type[Exception]) -> None:
    with suppress(error), worker.starting_anew_on_error():
        take = worker.take(WINE, 9)
        with worker.running(take.taken, take):
            raise error


def test_redis_losses_never_count_against_a_job(accept, worker, new_sweep, row, clock) -> None:
    job, sweep = accept(), new_sweep()
    for _ in range(5):
        clock.advance(25)
        sweep.dispatch_missing()
        run_and_raise(worker, redis.TimeoutError)
        sweep.rescue_the_lost()
    assert (row(job.id)["status"], row(job.id)["crashes"]) == ("queued", 0)


def test_a_job_that_makes_its_task_raise_comes_to_an_end(
    accept, worker, new_sweep, row, clock
) -> None:
    job, sweep = accept(), new_sweep()
    for _ in range(5):
        clock.advance(25)
        sweep.dispatch_missing()
        run_and_raise(worker, MemoryError)
        sweep.rescue_the_lost()
    assert row(job.id)["status"] == "failed"


def test_a_machine_that_slept_has_no_dead_workers(
    accept, worker, backlogs, engine, valkey, settings, clock, keys, entries_of
) -> None:
    parts = {"redis": valkey, "settings": settings, "clock": clock, "engine": engine}
    parts["blobs"] = DirectoryBlobs(settings.blobs_dir)
    sweeper = Sweeper(SimpleNamespace(backlogs=backlogs, **parts))
    sweeper._round()
    clock.advance(LOOK_ALIVE_SECONDS)
    job = accept()
    backlogs.move([Move(Entry(job.snapshot(1024), job.input), WINE)])
    worker.take(WINE, 9)
    sweeper._round()
    assert entries_of(job.id) == [("preprocess", worker.consumer.name)]
    valkey.delete(*valkey.keys(f"{keys.heartbeat('')}*"))  # all expired, the sweeper's own too
    sweeper._round()
    assert entries_of(job.id) == [("preprocess", worker.consumer.name)]
