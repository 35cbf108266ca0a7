"""Two preprocess workers over a real backlog: heavy work spreads over both."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from models.folder_code import import_file
from shared.clock import SystemClock
from shared.domain.names import Backlog, Stage
from shared.payloads.directory import DirectoryBlobs
from workers.preprocess import Preprocess
from workers.worker import Worker

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
MEETING = """
import threading
import numpy as np

both = threading.Barrier(2, timeout=10)

def preprocess(input, version):
    both.wait()
    return {"x": np.ones((1, 1))}

def postprocess(outputs, version):
    return None
"""


@pytest.fixture
def registry(tmp_path):
    """Serves `wine`; a job of it is prepared only while another one is, too."""
    (tmp_path / "processing.py").write_text(MEETING)
    import_file(tmp_path / "processing.py")  # once, so that all meet at one barrier
    model = SimpleNamespace(name="wine", folder=tmp_path, preprocess_batch=4)
    version = SimpleNamespace(model="wine", version="1")
    return SimpleNamespace(models={"wine": model}, resolve=lambda _: (model, version))


@pytest.fixture
def new_stage(backlogs, valkey, settings, registry):
    def make() -> Preprocess:
        container = SimpleNamespace(
            settings=settings, clock=SystemClock(), blobs=DirectoryBlobs(settings.blobs_dir),
            redis=valkey, backlogs=backlogs,
        )  # fmt: skip
        return Preprocess(Worker(Stage.PREPROCESS, container, registry))

    return make


def test_heavy_work_spreads_over_the_workers(new_stage, enqueue, snapshot) -> None:
    jobs = [enqueue() for _ in range(8)]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda stage: stage("wine", "1"), [new_stage(), new_stage()]))
    assert done == [4, 4]
    assert {snapshot(job.id)["stage"] for job in jobs} == {"predicting"}
