from types import SimpleNamespace

import pytest

from shared.clock import FakeClock
from shared.domain.names import GROUP, Backlog, Priority, Stage
from shared.payloads.directory import DirectoryBlobs
from workers.sweeper import Sweeper

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
MISSING_FOR_LONG = 20


@pytest.fixture
def sweeper(valkey, engine, backlogs, settings, clock: FakeClock) -> Sweeper:
    parts = {"redis": valkey, "engine": engine, "backlogs": backlogs, "clock": clock}
    parts["blobs"] = DirectoryBlobs(settings.blobs_dir)
    return Sweeper(SimpleNamespace(settings=settings, **parts))


def test_a_step_that_fails_unforeseen_ends_no_other(
    sweeper, accept, clock, valkey, keys, snapshot
) -> None:
    job = accept()
    clock.advance(MISSING_FOR_LONG)
    valkey.sadd(keys.streams, "queuecast:backlog:of another kind")
    valkey.xgroup_create(keys.stream(WINE, Priority.NORMAL), GROUP, "0", mkstream=True)
    sweeper._round()
    assert snapshot(job.id)["attempt"] == 2
