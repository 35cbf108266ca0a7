import re
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.prediction_events import BEGINNING, Place, PredictionEvents
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.domain.prediction import Snapshot, advanced
from shared.domain.states import TERMINAL, Progress, State
from shared.jobs import views
from shared.jobs.new_job import NewJob

BASE = "http://here/api/v1"
END = datetime(2026, 1, 2, 13, tzinfo=UTC)
FIRST = NewJob(
    new_job_id(), "default", "wine", "1", "d" * 64, b"{}", "i" * 64, "b" * 64, created_at=END
).snapshot(1024)


@pytest.fixture
def queued(new_job) -> Snapshot:
    return new_job().snapshot(1024)


def at(snapshot: Snapshot, stage: Progress) -> Snapshot:
    return advanced(snapshot, stage)


def ended(snapshot: Snapshot, state: State, **outcome: object) -> Snapshot:
    return views.finished(snapshot, Outcome(state, **outcome), END)


def ids(events: bytes) -> list[str]:
    return re.findall(r"^id: (.*)$", events.decode(), re.M)


def fields(events: bytes, name: str) -> list[dict[str, object]]:
    return [
        orjson.loads(data)
        for data in re.findall(rb"event: %b\ndata: (.*)\n" % name.encode(), events)
    ]


def test_only_what_replicate_knows_is_told_by_default(queued) -> None:
    events = PredictionEvents(BASE, every=False)
    told = [events.of(queued), events.of(at(queued, Progress.PREDICTING))]
    told.append(events.of(ended(queued, State.SUCCEEDED, output=b'{"y":1}', started_at=1.0)))
    assert told == [
        b"",
        b"",
        b'id: 1-output\nevent: output\ndata: {"y":1}\n\nid: 1-done\nevent: done\ndata: {}\n\n',
    ]


def test_a_failure_is_told_with_its_code(queued) -> None:
    told = PredictionEvents(BASE, every=False).of(
        ended(queued, State.FAILED, error="no", error_code="invalid_input")
    )
    assert fields(told, "error") == [{"detail": "no", "code": "invalid_input"}]
    assert fields(told, "done") == [{"reason": "error"}]


def test_a_canceled_one_has_no_error(queued) -> None:
    told = PredictionEvents(BASE, every=False).of(ended(queued, State.CANCELED))
    assert (ids(told), fields(told, "done")) == (["1-done"], [{"reason": "canceled"}])


def test_a_large_output_is_told_by_its_url(queued) -> None:
    told = PredictionEvents(BASE, every=False).of(
        ended(queued, State.SUCCEEDED, output_ref="outputs/x")
    )
    assert b"data: %b/predictions/%b/output\n" % (BASE.encode(), queued["id"].encode()) in told


def test_every_event_comes_once_and_in_order(queued) -> None:
    events = PredictionEvents(BASE, every=True)
    states = [queued, at(queued, Progress.PREPROCESSING), at(queued, Progress.PREDICTING)]
    states.append(ended(states[-1], State.SUCCEEDED, output=b"1", started_at=1.0))
    told = [ids(events.of(state)) + ids(events.of(state)) for state in states]
    assert told == [
        ["1-queued"],
        ["1-start", "1-preprocessing"],
        ["1-predicting"],
        ["1-output", "1-completed", "1-done"],
    ]


def test_a_new_attempt_begins_again(queued) -> None:
    events = PredictionEvents(BASE, every=True)
    events.of(at(queued, Progress.PREDICTING))
    assert ids(events.of(queued)) == []
    again = queued | {"attempt": 2}
    assert ids(events.of(again)) == ["2-queued"]
    assert ids(events.of(at(again, Progress.PREPROCESSING))) == ["2-start", "2-preprocessing"]


def test_who_comes_back_hears_only_what_is_behind(queued) -> None:
    events = PredictionEvents(BASE, every=True, behind=Place.of("1-preprocessing") or BEGINNING)
    assert ids(events.of(at(queued, Progress.PREPROCESSING))) == []
    told = events.of(ended(queued, State.SUCCEEDED, output=b"1", started_at=1.0))
    assert ids(told) == ["1-output", "1-completed", "1-done"]


def test_what_completed_carries_the_prediction(queued) -> None:
    told = PredictionEvents(BASE, every=True).of(ended(queued, State.SUCCEEDED, output=b"1"))
    [completed] = fields(told, "completed")
    assert (completed["id"], completed["status"], completed["output"]) == (
        queued["id"],
        "succeeded",
        1,
    )
    assert "start" not in told.decode().split()


@pytest.mark.parametrize(
    "text", ["", "1", "1-", "1-never", "x-done", "-1-done", "1-done ", "1" * 10 + "-done"]
)
def test_a_foreign_id_is_no_place(text: str) -> None:
    assert Place.of(text) is None


def test_done_is_the_last_place() -> None:
    assert Place.of("3-done").is_last
    assert not Place.of("3-completed").is_last


stages = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(list(Progress))), max_size=8)


@given(stages, st.sampled_from(sorted(TERMINAL)), st.booleans(), st.integers(0, 30))
def test_wherever_a_stream_breaks_off_nothing_is_missed_or_told_twice(
    seen, end, every, cut
) -> None:
    """The events of a course of states, read in one go and in two."""
    attempts = sorted(seen, key=lambda one: (one[0], list(Progress).index(one[1])))
    states = [at(FIRST | {"attempt": attempt}, stage) for attempt, stage in attempts]
    states.append(ended(states[-1] if states else FIRST, end, output=b"1", started_at=1.0))

    def told(behind: Place) -> list[str]:
        events = PredictionEvents(BASE, every=every, behind=behind)
        return [event_id for state in states for event_id in ids(events.of(state))]

    whole = told(BEGINNING)
    assert len(set(whole)) == len(whole)
    assert whole[-1].endswith("-done")
    before = whole[: cut % len(whole)]
    assert before + told(Place.of(before[-1]) if before else BEGINNING) == whole
