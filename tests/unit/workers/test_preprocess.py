import errno
import time

import numpy as np
import pytest

from shared.domain.names import RECORD, Backlog, Stage
from shared.domain.states import State
from shared.payloads import references
from shared.payloads.directory import DirectoryBlobs
from workers import tensors
from workers.preprocess import Preprocess
from workers.worker import STORE_ATTEMPTS

PREDICT = Backlog(Stage.PREDICT, "m", "1")
LATE = 999.0
PROCESSING = """
import numpy as np
from shared.errors import JobFailed

def preprocess(input, version):
    if input == "refused":
        raise JobFailed("invalid_input", "not this one")
    if input == "unwritable":
        raise JobFailed("invalid_input", "\\ud800")
    if isinstance(input, list):
        return {"carried:of": np.ones(9), "x": np.ones((len(input), 2), np.float32)}
    return {"x": np.full((1, input), 7, np.uint8)}

def postprocess(outputs, version):
    return None
"""


@pytest.fixture
def run(new_worker, model):
    """Runs the stage once."""
    model.folder.mkdir()
    (model.folder / "processing.py").write_text(PROCESSING)

    def once(name: str = "m", **parts) -> int:
        return Preprocess(new_worker(Stage.PREPROCESS, **parts))(name, "1")

    return once


def test_an_input_becomes_tensors(run, add, move_of) -> None:
    one = add(b"3")
    assert run() == 1
    move = move_of(one)
    assert (move.destination, move.entry.job["stage"]) == (PREDICT, "predicting")
    assert tensors.decode(move.entry.payload)["x"].tolist() == [[7, 7, 7]]


@pytest.mark.parametrize("rows", [1, 3])
def test_an_entry_tells_what_it_brings_to_a_run(run, add, move_of, rows) -> None:
    one = add(b"[%s]" % b",".join([b"0"] * rows))
    run()
    entry = move_of(one).entry
    assert (entry.rows, entry.stored_bytes) == (rows, 0)


def test_the_times_so_far_travel_along(run, add, move_of) -> None:
    one = add(b"3")
    run()
    outcome = move_of(one).entry.outcome
    assert (outcome.queue_time, outcome.preprocess_time, outcome.started_at) == (2.0, 0.0, 1000.0)


def test_nothing_waiting_is_no_work(run, backlogs) -> None:
    assert run() == 0
    assert backlogs.moves == []


def test_it_takes_no_more_than_its_batch(run, add, model, backlogs) -> None:
    model.preprocess_batch = 2
    for _ in range(3):
        add(b"1")
    assert run() == 2
    assert len(backlogs.waiting) == 1


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b'"refused"', "invalid_input"),
        (b'"text"', "preprocess_failed"),
        (b"-1", "preprocess_failed"),
        (b"{", "preprocess_failed"),
    ],
)
def test_a_bad_job_fails_alone(run, add, move_of, payload, code) -> None:
    before, bad, after = add(b"1"), add(payload), add(b"2")
    run()
    assert [move_of(one).destination for one in (before, bad, after)] == [PREDICT, RECORD, PREDICT]
    outcome = move_of(bad).entry.outcome
    assert (outcome.state, outcome.error_code) == (State.FAILED, code)


def test_a_job_past_its_deadline_does_not_run(run, add, move_of) -> None:
    late, punctual = add(b"1", deadline=LATE), add(b"1", deadline=1000.5)
    run()
    assert move_of(late).entry.outcome.error_code == "deadline_exceeded"
    assert move_of(punctual).destination == PREDICT


def test_a_job_whose_input_is_gone_is_given_back(run, add, move_of) -> None:
    gone, other = add(payload_ref=f"inputs/{'0' * 36}"), add(b"1")
    run()
    assert (move_of(gone).destination, move_of(other).destination) == (None, PREDICT)


def test_a_large_input_is_read_from_the_blob_store(run, add, move_of, settings) -> None:
    reference = f"inputs/{'0' * 36}"
    DirectoryBlobs(settings.blobs_dir).put(reference, b"2", synced=False)
    one = add(payload_ref=reference)
    run()
    assert tensors.decode(move_of(one).entry.payload)["x"].shape == (1, 2)
    assert move_of(one).entry.payload_ref is None


def test_large_tensors_travel_by_reference(run, add, move_of, settings) -> None:
    one = add(str(settings.inline_tensor_max_bytes + 1).encode())
    run()
    entry = move_of(one).entry
    assert (entry.payload, references.writer(entry.payload_ref)) == (b"", (entry.id, 1))
    data = DirectoryBlobs(settings.blobs_dir).get(entry.payload_ref)
    assert (entry.rows, entry.weight) == (1, len(data))
    stored = tensors.decode(data)
    assert np.array_equal(stored["x"], np.full((1, settings.inline_tensor_max_bytes + 1), 7))


def test_suspects_run_alone_after_the_others_were_passed_on(run, add, journal) -> None:
    suspect, good, better = add(b"1", crashes=1), add(b"1"), add(b"1")
    run()
    together = [good.entry.id, better.entry.id]
    assert journal == [
        ("running", together),
        ("moved", together),
        ("running", [suspect.entry.id]),
        ("moved", [suspect.entry.id]),
    ]


def test_a_model_that_is_not_here_fails_its_jobs(run, add, move_of) -> None:
    one = add(b"1")
    run("other")
    assert move_of(one).entry.outcome.error_code == "model_unavailable"


def test_a_processor_that_does_not_import_fails_its_jobs(run, add, move_of, model) -> None:
    (model.folder / "processing.py").write_text("raise RuntimeError('no licence')")
    one = add(b"1")
    run()
    outcome = move_of(one).entry.outcome
    assert outcome.error_code == "model_unavailable"
    assert "no licence" in outcome.error


def test_a_processor_whose_import_never_ends_fails_its_jobs_and_nobody_waits_for_it(
    run, add, move_of, model, settings
) -> None:
    (model.folder / "processing.py").write_text("import time; time.sleep(1)")
    jobs = [add(b"1") for _ in range(3)]
    began = time.monotonic()
    run(settings=settings.model_copy(update={"model_load_seconds": 0.05}))
    assert time.monotonic() - began < 1  # once for all three
    codes = [move_of(one).entry.outcome.error_code for one in jobs]
    assert codes == ["model_unavailable"] * 3


@pytest.fixture
def slow(settings, clock):
    """A blob store that needs 20 ms for an input."""

    class SlowBlobs(DirectoryBlobs):
        def get(self, reference: str) -> bytes:
            clock.advance(0.02)
            return b"1"

    return SlowBlobs(settings.blobs_dir)


def test_heavy_work_is_passed_on_in_portions(run, add, journal, slow) -> None:
    ids = [add(payload_ref="inputs/1").entry.id for _ in range(8)]
    run(blobs=slow)
    moved = [moved for word, moved in journal if word == "moved"]
    assert moved == [ids[:3], ids[3:6], ids[6:]]


def test_a_job_canceled_before_its_portion_is_not_prepared(run, add, backlogs, slow) -> None:
    jobs = [add(payload_ref="inputs/1") for _ in range(5)]
    backlogs.ended = {jobs[1].entry.id, jobs[3].entry.id}
    run(blobs=slow)
    assert [move.source for move in backlogs.moves] == [*jobs[:3], jobs[4]]


def test_a_deadline_that_passes_before_a_portion_counts(run, add, move_of, slow) -> None:
    jobs = [add(payload_ref="inputs/1", deadline=1000.05) for _ in range(4)]
    run(blobs=slow)
    assert move_of(jobs[2]).destination == PREDICT
    assert move_of(jobs[3]).entry.outcome.error_code == "deadline_exceeded"


class FullBlobs(DirectoryBlobs):
    def put(self, reference: str, data: bytes, *, synced: bool) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_job_whose_tensors_cannot_be_stored_harms_no_neighbour(
    run, add, move_of, settings
) -> None:
    large, small = add(str(settings.inline_tensor_max_bytes + 1).encode()), add(b"1")
    run(blobs=FullBlobs(settings.blobs_dir))
    assert move_of(small).destination == PREDICT
    assert move_of(large).destination != PREDICT


def test_a_store_that_never_takes_the_tensors_ends_the_job(run, add, move_of, settings) -> None:
    one = add(str(settings.inline_tensor_max_bytes + 1).encode())
    one.entry.job["attempt"] = STORE_ATTEMPTS
    run(blobs=FullBlobs(settings.blobs_dir))
    assert move_of(one).destination == RECORD
    assert move_of(one).entry.outcome.error_code == "storage_unavailable"


def test_an_error_text_of_any_kind_can_travel(run, add, move_of) -> None:
    one = add(b'"unwritable"')
    run()
    assert b"invalid_input" in move_of(one).entry.header()


def test_a_worker_that_is_to_stop_puts_back_what_it_has_not_begun(new_worker, add, move_of) -> None:
    worker, one = new_worker(Stage.PREPROCESS), add(b"3")
    worker.stopping = True
    assert Preprocess(worker)("m", "1") == 1
    move = move_of(one)
    assert (move.destination, move.entry) == (Backlog(Stage.PREPROCESS, "m", "1"), one.entry)
