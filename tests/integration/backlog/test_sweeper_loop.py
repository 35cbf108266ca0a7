import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from shared.backlog.consumers import living
from shared.db.engine import create_database_engine
from shared.payloads.directory import DirectoryBlobs
from workers.sweeper import Sweeper

SOON = 10


@pytest.fixture
def sweeping(valkey, engine, backlogs, settings, clock) -> Iterator:
    """Runs a sweeper in a thread until the end; answers it and its thread."""
    running: list[tuple[Sweeper, threading.Thread]] = []
    quick = settings.model_copy(update={"sweep_seconds": 0.001, "heartbeat_seconds": 0.005})

    def start(**parts):
        standard = {"redis": valkey, "engine": engine, "backlogs": backlogs, "clock": clock}
        standard["blobs"] = DirectoryBlobs(settings.blobs_dir)
        sweeper = Sweeper(SimpleNamespace(settings=quick, **(standard | parts)))
        running.append((sweeper, threading.Thread(target=sweeper.run)))
        running[-1][1].start()
        return running[-1]

    yield start
    for sweeper, thread in running:
        sweeper.stop()
        thread.join(SOON)


@pytest.fixture
def until():
    """Waits for something to become true."""

    def run(condition) -> bool:
        return any(condition() or threading.Event().wait(0.002) for _ in range(5000))

    return run


def test_a_sweeper_sweeps_until_it_is_stopped(
    sweeping, accept, clock, row, until, valkey, settings
):
    job = accept()
    clock.advance(10)
    sweeper, thread = sweeping()
    assert until(lambda: row(job.id)["attempt"] == 2)
    assert len(living(valkey, settings.key_prefix)) == 1
    sweeper.stop()
    thread.join(SOON)
    assert living(valkey, settings.key_prefix) == []


def test_a_sweeper_is_heard_of_while_it_rests(
    sweeping, clock, until, valkey, settings, monkeypatch
) -> None:
    long = max(settings.heartbeat_ttl_seconds, 60)
    monkeypatch.setattr(Sweeper, "_round", lambda self: clock.advance(long))
    sweeping()
    for _ in range(2):
        valkey.flushall()
        assert until(lambda: living(valkey, settings.key_prefix))


def test_a_sweeper_outlives_a_fault_of_sql(sweeping, until, valkey, settings) -> None:
    _, thread = sweeping(engine=create_database_engine("sqlite:////nowhere/at/all.db"))
    for _ in range(2):  # it beats in every round, however the round ends
        valkey.flushall()
        assert until(lambda: living(valkey, settings.key_prefix))
    assert thread.is_alive()


def test_several_sweepers_dispatch_each_job_once(sweeping, accept, clock, row, until) -> None:
    jobs = [accept() for _ in range(50)]
    clock.advance(10)
    for _ in range(3):
        sweeping()
    assert until(lambda: all(row(job.id)["attempt"] > 1 for job in jobs))
    assert {row(job.id)["attempt"] for job in jobs} == {2}
