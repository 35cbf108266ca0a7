import errno
from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from shared.domain.names import RECORD, Stage
from shared.domain.states import State
from shared.payloads.directory import DirectoryBlobs
from shared.payloads.references import writer
from workers import tensors
from workers.predict import Predict
from workers.worker import STORE_ATTEMPTS


class Repeating:
    """A session whose output is a text of as many characters as its input says."""

    def __init__(self, model) -> None:
        self.model = model
        self.processor = SimpleNamespace(postprocess=lambda outputs: "x" * int(outputs["y"][0]))

    def run(self, feeds, watchdog, is_wanted):
        return {"y": feeds["x"]}


class FullBlobs(DirectoryBlobs):
    def put(self, reference: str, data: bytes, *, synced: bool) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def blobs(settings) -> DirectoryBlobs:
    return DirectoryBlobs(settings.blobs_dir)


@pytest.fixture
def run(new_worker, model):
    def once(**parts) -> int:
        sessions = SimpleNamespace(get=lambda *_: Repeating(model))
        return Predict(new_worker(Stage.PREDICT, **parts), sessions)("m", "1")

    return once


@pytest.fixture
def asking(add):
    """A job whose output has so many bytes."""

    def make(size: int, attempt: int = 1):
        one = add(tensors.encode({"x": np.array([size - len('""')], np.float64)}))
        one.entry.job["attempt"] = attempt
        return one

    return make


def test_a_large_output_goes_to_the_blob_store(run, asking, move_of, blobs, settings) -> None:
    large, small = (asking(settings.inline_output_max_bytes + more) for more in (1, 0))
    run()
    entry = move_of(large).entry
    assert (entry.outcome.state, entry.outcome.output, entry.payload) == (
        State.SUCCEEDED,
        None,
        b"",
    )
    assert entry.payload_ref == entry.outcome.output_ref
    assert len(orjson.loads(blobs.get(entry.payload_ref))) == settings.inline_output_max_bytes - 1
    assert len(move_of(small).entry.payload) == settings.inline_output_max_bytes
    assert move_of(small).entry.payload_ref is None


def test_its_name_says_who_wrote_it(run, asking, move_of, settings) -> None:
    one = asking(settings.inline_output_max_bytes + 1, attempt=7)
    run()
    assert writer(move_of(one).entry.payload_ref) == (one.entry.id, 7)


def test_an_output_above_the_last_bound_fails_alone(run, asking, move_of, settings, blobs) -> None:
    bounded = settings.model_copy(update={"output_max_bytes": 100_000})
    good, bad = asking(100_000), asking(100_001)
    run(settings=bounded)
    assert move_of(good).entry.outcome.state is State.SUCCEEDED
    assert move_of(bad).entry.outcome.error_code == "output_too_large"
    assert len(list(settings.blobs_dir.rglob("outputs/*"))) == 1


def test_what_cannot_be_stored_is_given_back_and_harms_no_neighbour(run, asking, move_of, settings):
    large, small = asking(settings.inline_output_max_bytes + 1), asking(9)
    run(blobs=FullBlobs(settings.blobs_dir))
    assert (move_of(large).destination, move_of(small).destination) == (None, RECORD)


def test_a_store_that_never_takes_it_ends_the_job(run, asking, move_of, settings) -> None:
    size = settings.inline_output_max_bytes + 1
    patient, hopeless = (asking(size, attempt=STORE_ATTEMPTS - less) for less in (1, 0))
    run(blobs=FullBlobs(settings.blobs_dir))
    assert move_of(patient).destination is None
    assert move_of(hopeless).entry.outcome.error_code == "storage_unavailable"
