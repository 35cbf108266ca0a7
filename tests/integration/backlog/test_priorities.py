"""Floods of one priority, over real backlogs."""

from types import SimpleNamespace

import pytest

from shared.clock import SystemClock
from shared.domain.names import Backlog, Priority, Stage
from workers.worker import Worker

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
ROWS = 4


@pytest.fixture
def take(backlogs, valkey, settings):
    """One take of a worker; answers the ids."""
    container = SimpleNamespace(
        settings=settings, clock=SystemClock(), blobs=None, redis=valkey, backlogs=backlogs
    )
    worker = Worker(Stage.PREPROCESS, container, SimpleNamespace())
    return lambda: [one.entry.id for one in worker.take(WINE, ROWS).taken]


@pytest.mark.parametrize("flooding", [Priority.NORMAL, Priority.LOW])
def test_a_flood_of_a_lower_one_delays_high_by_no_more_than_the_batch_that_runs(
    enqueue, take, flooding
) -> None:
    for _ in range(20 * ROWS):
        enqueue(priority=flooding)
    for _ in range(17):  # whichever take it is
        high = enqueue(priority=Priority.HIGH)
        assert high.id in take()


def test_a_flood_of_high_never_starves_the_others(enqueue, take) -> None:
    normal, low = enqueue(priority=Priority.NORMAL), enqueue(priority=Priority.LOW)
    for _ in range(17 * ROWS):
        enqueue(priority=Priority.HIGH)
    takes = [take() for _ in range(17)]
    assert normal.id in [job_id for ids in takes[:4] for job_id in ids]
    assert low.id in [job_id for ids in takes[:16] for job_id in ids]
