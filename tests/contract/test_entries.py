"""A release reads what the releases before it left in the backlogs: `entries/<format>.json`."""

from pathlib import Path

import orjson
import pytest

from shared.backlog.entries import FORMAT, decode
from shared.domain.outcome import Outcome
from shared.domain.prediction import encode, fence, progress
from shared.domain.states import Progress, State

RECORDED = Path(__file__).parent / "entries"

TIMES = {
    "queue_time": 0.25,
    "preprocess_time": 0.5,
    "predict_time": 0.125,
    "batch_size": 4,
    "started_at": 1767355201.0,
}
OUTPUT = "outputs/01a1fc6b-6f86-7400-9bc1-876e3756d34c.1.0a1b2c3d"
OUTCOMES = {
    "1": Outcome(State.FAILED, error="no", error_code="prediction_failed", **TIMES),
    "2": Outcome(State.SUCCEEDED, output_ref=OUTPUT, **TIMES),
}


def test_every_format_so_far_is_recorded() -> None:
    assert {file.stem for file in RECORDED.iterdir()} == {str(n) for n in range(1, FORMAT + 1)}


@pytest.mark.parametrize("file", sorted(RECORDED.iterdir()), ids=lambda file: file.stem)
def test_an_entry_of_an_older_release_is_read(file: Path) -> None:
    entry = decode({b"h": file.read_bytes(), b"p": b'{"alcohol":13.2}'})
    assert (entry.id, entry.attempt) == ("01a1fc6b-6f86-7400-9bc1-876e3756d34c", 1)
    assert (entry.suspect, entry.deadline) == (True, 1767358800.0)
    assert (entry.rows, entry.weight) == (1, 16)
    assert entry.outcome == OUTCOMES[file.stem]


@pytest.mark.parametrize("file", sorted(RECORDED.iterdir()), ids=lambda file: file.stem)
def test_what_an_older_release_understands_is_written_as_it_was(file: Path) -> None:
    recorded = file.read_bytes()
    assert orjson.loads(decode({b"h": recorded, b"p": b""}).header()) == orjson.loads(recorded)


def test_the_scripts_find_the_fence_and_the_stage_where_they_look(new_job) -> None:
    encoded = encode(new_job().snapshot(1024))
    assert encoded.startswith(fence(1) + progress(Progress.QUEUED))
