from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
from structlog.testing import capture_logs

from shared.domain.failures import Failure
from shared.domain.names import RECORD, Backlog, Stage
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.errors import JobFailed, RunUnwanted
from shared.payloads.directory import DirectoryBlobs
from workers import tensors
from workers.predict import Predict
from workers.pulse import DEAF_SECONDS


class Doubling:
    """A session that doubles; -1 is poison, -2 gives NaN, -4 breaks the end."""

    def __init__(self, model, clock) -> None:
        self.model, self.clock = model, clock
        self.processor = SimpleNamespace(postprocess=self.postprocess)
        self.batches: list[list[float]] = []
        self.then = None

    def run(self, feeds, watchdog, is_wanted):
        rows = feeds["x"]
        self.batches.append(rows[:, 0].tolist())
        self.clock.advance(1)
        if -1 in rows:
            raise JobFailed("prediction_failed", "poison")
        if -5 in rows:
            raise JobFailed(Failure.TIME_LIMIT_EXCEEDED, "for ever")
        if self.then is not None:
            self.then()
        return {"y": np.where(rows == -2, np.nan, rows * 2)}

    def postprocess(self, outputs):
        first = float(outputs["y"][0, 0])
        if first == -8:
            raise RuntimeError("no")
        if "carried:size" in outputs:
            return [outputs["y"].tolist(), outputs["carried:size"].tolist()]
        return outputs["y"].tolist()


@pytest.fixture
def session(model, clock) -> Doubling:
    return Doubling(model, clock)


@pytest.fixture
def worker(new_worker):
    return new_worker(Stage.PREDICT)


@pytest.fixture
def run(worker, session):
    """Runs the stage once, with the session or with a refusal."""

    def once(refusal: JobFailed | None = None, name: str = "m") -> int:
        def get(model: str, version: str):
            if refusal:
                raise refusal
            return session

        return Predict(worker, SimpleNamespace(get=get))(name, "1")

    return once


def rows(*values: float, **more) -> bytes:
    return tensors.encode({"x": np.array([[value] for value in values], np.float32), **more})


def wide(value: float) -> bytes:
    """A row of another shape: it runs apart."""
    return tensors.encode({"x": np.array([[value, 0.5]], np.float32)})


def test_waiting_jobs_share_one_run(run, add, move_of, session) -> None:
    jobs = [add(rows(value)) for value in (1, 2, 3)]
    assert run() == 3
    assert session.batches == [[1, 2, 3]]
    assert [move_of(one).entry.payload for one in jobs] == [b"[[2.0]]", b"[[4.0]]", b"[[6.0]]"]


def test_a_success_goes_to_the_record_with_its_times(run, add, move_of) -> None:
    so_far = Outcome(State.QUEUED, queue_time=0.5, preprocess_time=0.25, started_at=990.0)
    one, _ = add(rows(1), outcome=so_far), add(rows(1))
    run()
    move = move_of(one)
    assert move.destination == RECORD
    assert move.entry.outcome == Outcome(
        State.SUCCEEDED, b"[[2.0]]", queue_time=2.5, preprocess_time=0.25, predict_time=1.0,
        batch_size=2, started_at=990.0, input_shape="x:1x1",
    )  # fmt: skip


def test_each_job_gets_its_own_rows(run, add, move_of, session) -> None:
    several, single = add(rows(1, 2)), add(rows(3))
    run()
    assert session.batches == [[1, 2, 3]]
    assert move_of(several).entry.payload == b"[[2.0],[4.0]]"
    assert move_of(single).entry.payload == b"[[6.0]]"


def test_no_run_has_more_rows_than_the_model_takes(run, add, move_of, session, model) -> None:
    model.max_batch_size = 4
    jobs = [add(rows(*range(count)), rows=count) for count in (2, 1, 2, 5)]
    run()
    assert [len(batch) for batch in session.batches] == [3, 2, 5]
    assert [move_of(one).entry.outcome.batch_size for one in jobs] == [3, 3, 2, 5]


def test_tensors_are_loaded_up_to_a_number_of_bytes(run, add, journal, settings) -> None:
    half = {"payload_ref": f"tensors/{'0' * 36}.1", "stored_bytes": settings.batch_max_bytes // 2}
    DirectoryBlobs(settings.blobs_dir).put(half["payload_ref"], rows(1), synced=False)
    first, second, third = (add(**half).entry.id for _ in range(3))
    run()
    assert [ids for word, ids in journal if word == "running"] == [[first, second], [third]]


def test_other_shapes_run_apart(run, add, session) -> None:
    add(rows(1))
    add(tensors.encode({"x": np.ones((1, 2), np.float32)}))
    add(rows(2))
    run()
    assert sorted(session.batches) == [[1], [1, 2]]


def test_a_batch_that_raises_is_halved_down_to_the_bad_row(run, add, move_of, session) -> None:
    jobs = [add(rows(value)) for value in (1, 2, 3, -1, 5, 6, 7)]
    run()
    codes = [move_of(one).entry.outcome.error_code for one in jobs]
    assert codes == [None] * 3 + ["prediction_failed"] + [None] * 3
    assert [-1] in session.batches
    assert [move_of(one).entry.payload for one in jobs[4:]] == [
        b"[[10.0]]",
        b"[[12.0]]",
        b"[[14.0]]",
    ]


def test_what_a_run_raises_is_told_to_the_client_alone(run, add, move_of, session) -> None:
    job, session.then = add(rows(1)), Mock(side_effect=ValueError("input 1234"))
    with capture_logs() as logged:
        run()
    assert move_of(job).entry.outcome.error == "ValueError: input 1234"
    assert [one["error"] for one in logged if one["event"] == "run_raised"] == ["ValueError"]


def test_suspects_run_alone_after_the_others_were_passed_on(run, add, journal, session) -> None:
    suspect, good = add(rows(9), crashes=1), add(rows(1))
    run()
    assert session.batches == [[1], [9]]
    order = [good.entry.id], [suspect.entry.id]
    assert journal == [(word, ids) for ids in order for word in ("running", "moved")]


@pytest.mark.parametrize(
    ("value", "code"),
    [(-2, "non_finite_output"), (-4, "postprocess_failed")],
)
def test_a_bad_output_fails_alone(run, add, move_of, session, value, code) -> None:
    good, bad = add(rows(1)), add(rows(value))
    run()
    assert len(session.batches) == 1
    assert move_of(good).entry.outcome.state is State.SUCCEEDED
    outcome = move_of(bad).entry.outcome
    assert (outcome.state, outcome.error_code, outcome.output) == (State.FAILED, code, None)
    assert (outcome.predict_time, outcome.batch_size) == (1.0, 2)


def test_a_model_may_wait_for_others_to_run_with(run, add, backlogs, session, model) -> None:
    model.max_batch_delay_ms = 2020  # what waits has come two seconds ago
    first = add(rows(1))
    backlogs.coming, backlogs.waiting = [add(rows(2))], [first]
    run()
    assert session.batches == [[1, 2]]


def test_a_model_may_allow_outputs_that_are_not_finite(run, add, move_of, model) -> None:
    model.allow_non_finite = True
    one = add(rows(-2))
    run()
    assert move_of(one).entry.payload == b"[[null]]"


def test_a_job_past_its_deadline_does_not_run(run, add, move_of, session) -> None:
    late = add(rows(1), deadline=1000.0)
    run()
    assert move_of(late).entry.outcome.error_code == "deadline_exceeded"
    assert session.batches == []


def test_a_job_canceled_during_an_earlier_run_does_not_run(run, add, backlogs, session) -> None:
    add(rows(1))
    canceled, other = (add(wide(value)) for value in (2, 3))
    backlogs.ended = {canceled.entry.id}
    run()
    assert session.batches == [[1], [3]]
    assert canceled not in [move.source for move in backlogs.moves]
    assert other in [move.source for move in backlogs.moves]


def test_a_job_canceled_before_its_half_runs_drops_out(run, add, backlogs, session) -> None:
    jobs = [add(rows(value)) for value in (-1, 2, 3, 4)]
    backlogs.ended = {jobs[2].entry.id}
    run()
    assert session.batches == [[-1, 2, 3, 4], [-1, 2], [-1], [2], [4]]


def test_a_deadline_that_passed_during_an_earlier_run_counts(run, add, move_of, session) -> None:
    add(rows(1))
    late = add(wide(2), deadline=1000.5)
    run()
    assert session.batches == [[1]]
    assert move_of(late).entry.outcome.error_code == "deadline_exceeded"


def test_a_run_is_wanted_while_one_of_its_jobs_is(run, add, session, backlogs, clock) -> None:
    first, second = add(rows(1)), add(rows(2), deadline=1001.0)
    asked = []

    def running(feeds, watchdog, is_wanted):
        for ended in (second, first):
            backlogs.ended.add(ended.entry.id)
            asked.append(is_wanted())
        return {"y": feeds["x"]}

    session.run = running
    run()
    assert asked == [True, False]


def test_a_run_that_nobody_waits_for_leaves_no_outcome(run, add, move_of, session, clock) -> None:
    late, canceled = add(rows(1), deadline=1001.0), add(rows(2))

    def ended_early(feeds, watchdog, is_wanted):
        clock.advance(1)
        raise RunUnwanted("nobody waits")

    session.run = ended_early
    run()
    assert move_of(late).entry.outcome.error_code == "deadline_exceeded"
    assert move_of(canceled).destination is None  # its snapshot is not ours: the move is refused


def test_what_runs_later_has_waited_longer(run, add, move_of) -> None:
    first, second = add(rows(1)), add(wide(2))
    run()
    waits = [move_of(one).entry.outcome.queue_time for one in (first, second)]
    assert waits == [2.0, 3.0]


def test_one_run_at_once_needs_no_second_look(run, add, backlogs) -> None:
    add(rows(1))
    run()
    assert backlogs.looks == 0


def test_a_job_whose_tensors_are_gone_is_given_back(run, add, move_of) -> None:
    gone, other = add(payload_ref=f"tensors/{'0' * 36}.1"), add(rows(1))
    run()
    assert (move_of(gone).destination, move_of(other).destination) == (None, RECORD)


def test_large_tensors_are_read_and_then_forgotten(run, add, move_of, settings) -> None:
    blobs, reference = DirectoryBlobs(settings.blobs_dir), f"tensors/{'0' * 36}.1"
    blobs.put(reference, rows(4), synced=False)
    one = add(payload_ref=reference)
    run()
    assert (move_of(one).entry.payload, move_of(one).entry.payload_ref) == (b"[[8.0]]", None)
    assert not list(settings.blobs_dir.rglob("0*"))


def test_who_reads_from_a_slow_store_is_not_deaf(run, add, worker, clock, monkeypatch) -> None:
    deaf = []

    def slow(_reference: str) -> bytes:
        worker.pulse.asked()
        clock.advance(DEAF_SECONDS - 10)
        deaf.append(worker.pulse.is_deaf)
        return rows(4)

    monkeypatch.setattr(worker.blobs, "get", slow)
    for number in range(3):
        add(payload_ref=f"tensors/{'0' * 36}.{number}")
    run()
    assert deaf == [False] * 3


def test_without_a_session_the_jobs_fail(run, add, move_of) -> None:
    one = add(rows(1))
    run(refusal=JobFailed("model_unavailable", "its file has changed"))
    outcome = move_of(one).entry.outcome
    assert (outcome.error_code, outcome.error) == ("model_unavailable", "its file has changed")


def test_an_unknown_model_is_taken_one_by_one(run, add, backlogs) -> None:
    for _ in range(2):
        add(rows(1))
    assert run(name="unheard-of") == 1
    assert len(backlogs.waiting) == 1


def test_what_was_carried_reaches_postprocess_only(run, add, move_of) -> None:
    jobs = [add(rows(1, **{"carried:size": np.array([size])})) for size in (640, 480)]
    run()
    assert [move_of(one).entry.payload for one in jobs] == [b"[[[2.0]],[640]]", b"[[[2.0]],[480]]"]


def test_carried_tensors_never_shift_the_rows_of_others(run, add, move_of) -> None:
    two = {"carried:size": np.array([640]), "x": np.array([[1], [2]], np.float32)}
    one = {"carried:size": np.array([480, 320]), "x": np.array([[3]], np.float32)}
    jobs = [add(tensors.encode(each)) for each in (two, one)]
    run()
    answers = [b"[[[2.0],[4.0]],[640]]", b"[[[6.0]],[480,320]]"]
    assert [move_of(each).entry.payload for each in jobs] == answers


@pytest.mark.parametrize("payload", [b"", b"\0\0\0\2[]", b"\0\0\0\1{", rows(1)[:-1]])
def test_tensors_that_cannot_be_read_harm_no_neighbour(run, add, move_of, payload) -> None:
    bad, good = add(payload), add(rows(1))
    run()
    assert move_of(good).entry.outcome.state is State.SUCCEEDED
    assert move_of(bad).entry.outcome.state is not State.SUCCEEDED


def test_a_batch_that_runs_too_long_is_taken_apart_at_once(run, add, move_of, session) -> None:
    """One time limit for the batch and one for the row that hangs, however many wait beside it."""
    jobs = [add(rows(value)) for value in (1, 2, -5, 3, 4, 5, 6, 7)]
    run()
    assert [len(batch) for batch in session.batches] == [8] + [1] * 8
    assert [move_of(one).entry.outcome.error_code for one in jobs] == [
        None, None, "time_limit_exceeded", None, None, None, None, None,
    ]  # fmt: skip


def test_a_worker_that_is_to_stop_puts_back_what_it_has_not_begun(
    run, add, move_of, session, worker, model, settings
) -> None:
    reference = f"tensors/{'0' * 36}.1"
    blobs = DirectoryBlobs(settings.blobs_dir)
    blobs.put(reference, rows(3), synced=False)
    done = [add(rows(1)), add(rows(2))]
    left = [add(payload_ref=reference, stored_bytes=100), add(rows(4))]
    session.then = lambda: setattr(worker, "stopping", True)
    model.max_batch_size = 4
    settings_bytes = sum(one.entry.weight for one in done)
    worker.settings = settings.model_copy(update={"batch_max_bytes": settings_bytes})
    run()
    assert session.batches == [[1, 2]]
    assert [move_of(one).destination for one in done] == [RECORD, RECORD]
    again = Backlog(Stage.PREDICT, "m", "1")
    assert [(move_of(one).destination, move_of(one).entry) for one in left] == [
        (again, one.entry) for one in left
    ]
    assert blobs.get(reference)
