from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import prediction
from shared.domain.names import Priority
from shared.domain.prediction import advanced, fence, progress, wire_time
from shared.domain.states import WIRE_STATUS, Progress
from shared.jobs.new_job import NewJob

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | texts, st.lists, max_leaves=5)
jobs = st.builds(
    lambda model, data, priority, created_at: NewJob(
        id="0" * 36,
        tenant="a",
        model=model,
        version="1",
        digest="d",
        input=prediction.orjson.dumps(data),
        input_hash="i",
        body_hash="b",
        priority=priority,
        created_at=created_at,
    ),
    texts,
    json,
    st.sampled_from(Priority),
    st.datetimes(datetime(1, 1, 2), datetime(9998, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
attempts = st.integers(1, 2**31 - 1)


@given(jobs, attempts, st.sampled_from(Progress))
def test_fence_and_progress_open_every_unfinished_snapshot(
    job: NewJob, attempt: int, stage: Progress
) -> None:
    snapshot = advanced(job.snapshot(1024) | {"attempt": attempt}, stage)
    for one in (snapshot, prediction.decode(prediction.encode(snapshot))):
        assert prediction.encode(one).startswith(fence(attempt) + progress(stage))


@given(attempts, attempts)
def test_no_fence_opens_another_attempt(one: int, other: int) -> None:
    assert fence(one).startswith(fence(other)) == (one == other)


@given(jobs, attempts)
def test_no_fence_opens_a_terminal_snapshot(job: NewJob, attempt: int) -> None:
    ended = job.snapshot(1024) | {"attempt": attempt, "terminal": True}
    assert not prediction.encode(ended).startswith(fence(attempt))


@given(jobs, st.sampled_from(Progress))
def test_what_a_take_writes_is_the_advanced_snapshot(job: NewJob, stage: Progress) -> None:
    """take.lua replaces what stands between the fence and the comma behind the stage."""
    before = prediction.encode(job.snapshot(1024))
    head = len(fence(1) + progress(Progress.QUEUED))
    written = fence(1) + progress(stage) + before[head:]
    assert prediction.decode(written) == advanced(job.snapshot(1024), stage)


def test_the_stage_shows_as_status(snapshot) -> None:
    shown = [advanced(snapshot, stage)["status"] for stage in Progress]
    assert shown == [WIRE_STATUS[stage] for stage in Progress]
    assert shown == ["starting", "processing", "processing"]


def test_the_first_start_counts(snapshot) -> None:
    begun = advanced(snapshot, Progress.PREDICTING, started_at=0.5)
    assert begun["started_at"] == "1970-01-01T00:00:00.500000Z"
    assert advanced(begun, Progress.PREDICTING, started_at=9.0)["started_at"] == begun["started_at"]
    assert snapshot["started_at"] is None


def test_times_on_the_wire_always_have_microseconds() -> None:
    assert wire_time(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000000Z"
