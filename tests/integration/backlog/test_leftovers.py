"""What a job leaves in the blob store when it ends between two stages."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import orjson
import pytest

from models.registry import Registry
from shared.backlog.backlogs import Move
from shared.backlog.entries import Entry
from shared.clock import FakeClock
from shared.domain.names import Backlog, Stage
from shared.jobs.cancel import Canceler
from shared.payloads.directory import DirectoryBlobs
from shared.settings import BUNDLED_MODELS_DIR
from workers.orphans import Orphans
from workers.preprocess import Preprocess
from workers.worker import Worker


@pytest.fixture
def parts(engine, valkey, backlogs, settings):
    """A system in which every tensor is a large one, later than now."""
    return SimpleNamespace(
        engine=engine,
        redis=valkey,
        backlogs=backlogs,
        settings=settings.model_copy(update={"inline_tensor_max_bytes": 1}),
        clock=FakeClock(datetime.now(UTC) + timedelta(hours=1)),
        blobs=DirectoryBlobs(settings.blobs_dir),
    )


def test_a_job_that_is_canceled_before_it_runs_leaves_no_tensors(
    parts, accept, backlogs, engine, settings
) -> None:
    registry = Registry.load([BUNDLED_MODELS_DIR])
    job = accept(input=orjson.dumps(registry.models["wine"].example))
    backlogs.move(
        [Move(Entry(job.snapshot(1024), job.input), Backlog(Stage.PREPROCESS, "wine", "1"))]
    )
    assert Preprocess(Worker(Stage.PREPROCESS, parts, registry))("wine", "1") == 1
    (tensors,) = (settings.blobs_dir / "tensors").glob(f"{job.id}.1.*")
    Orphans(parts).run()
    assert tensors.exists()
    Canceler(engine, backlogs, parts.clock, settings).cancel("default", job.id)
    assert backlogs.take(Backlog(Stage.PREDICT, "wine", "1"), "predict", 9).taken == []
    Orphans(parts).run()
    assert not tensors.exists()
