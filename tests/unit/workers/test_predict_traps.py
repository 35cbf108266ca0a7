from types import SimpleNamespace

import numpy as np
import pytest

from shared.domain.names import RECORD, Stage
from workers import tensors
from workers.predict import Predict


class Mixing:
    """A session of two inputs that answers one row for each row of `a`."""

    def __init__(self, model) -> None:
        self.model = model
        self.processor = SimpleNamespace(postprocess=self.postprocess)
        self.batches: list[int] = []
        self.limits = 0

    def run(self, feeds, watchdog, is_wanted):
        self.batches.append(len(feeds["a"]))
        if len(feeds["a"]) != len(feeds["b"]):
            raise ValueError("not the same rows")
        return {"y": np.stack([feeds["a"], feeds["b"]], axis=1)}

    def postprocess(self, outputs):
        self.limits = len(self.watchdog._limits)
        return outputs["y"].tolist()


@pytest.fixture
def session(model) -> Mixing:
    return Mixing(model)


@pytest.fixture
def run(new_worker, session):
    def once(**parts) -> int:
        worker = new_worker(Stage.PREDICT, **parts)
        session.watchdog = worker.watchdog
        return Predict(worker, SimpleNamespace(get=lambda *_: session))("m", "1")

    return once


def encoded(a: int, b: int, value: float) -> bytes:
    return tensors.encode({"a": np.full(a, value), "b": np.full(b, value)})


def test_rows_of_different_jobs_never_meet(run, add, move_of) -> None:
    """Together their tensors have as many rows; each of them alone makes no sense."""
    one, other = add(encoded(2, 3, 1.0)), add(encoded(3, 2, 2.0))
    run()
    assert {move_of(each).entry.outcome.error_code for each in (one, other)} == {
        "prediction_failed"
    }


def test_jobs_of_equal_rows_still_run_together(run, add, session) -> None:
    add(encoded(2, 2, 1.0))
    add(encoded(1, 1, 2.0))
    run()
    assert session.batches == [3]


class Unreachable:
    """A blob store that is away."""

    def get(self, reference: str) -> bytes:
        raise OSError(5, "Input/output error")

    def delete(self, *references: str) -> None:
        return


def test_a_blob_store_that_is_away_gives_the_job_back(run, add, move_of) -> None:
    far, near = add(payload_ref=f"tensors/{'0' * 36}.1"), add(encoded(1, 1, 1.0))
    assert run(blobs=Unreachable()) == 2
    assert (move_of(far).destination, move_of(near).destination) == (None, RECORD)


def test_postprocess_has_a_time_limit(run, add, session) -> None:
    add(encoded(1, 1, 1.0))
    run()
    assert session.limits == 1
