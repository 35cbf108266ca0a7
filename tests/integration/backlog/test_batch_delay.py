"""A model that lets its jobs wait for others, over a real backlog."""

import threading
import time
from types import SimpleNamespace

import pytest

from shared.clock import SystemClock
from shared.domain.names import Backlog, Stage
from workers.worker import Worker

WINE = Backlog(Stage.PREPROCESS, "wine", "1")


@pytest.fixture
def worker(backlogs, valkey, settings):
    container = SimpleNamespace(
        settings=settings, clock=SystemClock(), blobs=None, redis=valkey, backlogs=backlogs
    )
    return Worker(Stage.PREPROCESS, container, SimpleNamespace())


@pytest.fixture
def later(enqueue):
    """Brings a job after 50 ms."""
    timer = threading.Timer(0.05, enqueue)
    yield timer.start
    timer.join()


def test_jobs_that_come_singly_run_together_and_wake_nobody_else(
    worker, enqueue, later, bells
) -> None:
    enqueue()
    later()
    bells.clear()
    assert len(worker.take(WINE, 8, 0.3).taken) == 2
    assert bells.rung == []


def test_no_job_waits_longer_than_its_model_allows(worker, enqueue) -> None:
    enqueue()
    begun = time.monotonic()
    take = worker.take(WINE, 8, 0.1)
    assert 0.09 <= time.monotonic() - begun < 0.5
    assert 0.1 <= take.age_seconds < 0.5


def test_without_a_delay_nobody_waits(worker, enqueue, later) -> None:
    enqueue()
    later()
    assert len(worker.take(WINE, 8).taken) == 1
