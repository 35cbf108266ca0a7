import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.names import RECORD, Backlog, Keys, Priority, Stage, queue

names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)
prefixes = st.sampled_from(["queuecast:", "", "a:b:", "backlog:"])


@given(prefixes, st.sampled_from(Stage), names, names, st.sampled_from(Priority))
def test_a_stream_tells_its_backlog(prefix, stage, model, version, priority) -> None:
    keys, backlog = Keys(prefix), Backlog(stage, model, version)
    assert keys.parse_stream(keys.stream(backlog, priority)) == (backlog, priority)


def test_the_record_backlog_is_one_for_all() -> None:
    keys = Keys("q:")
    assert keys.stream(RECORD, Priority.LOW) == "q:backlog:record:*:*:low"
    assert keys.parse_stream("q:backlog:record:*:*:low") == (RECORD, Priority.LOW)


def test_every_priority_has_its_stream_and_every_backlog_one_bell() -> None:
    keys, wine = Keys("q:"), Backlog(Stage.PREDICT, "wine", "1")
    assert len({keys.stream(wine, priority) for priority in Priority}) == 3
    assert keys.bell(wine) == "q:bell:predict:wine:1"


@pytest.mark.parametrize(
    ("stage", "lane", "expected"),
    [
        (Stage.PREPROCESS, "gpu", "preprocess"),
        (Stage.RECORD, "cpu", "record"),
        (Stage.PREDICT, "cpu", "predict-cpu"),
        (Stage.PREDICT, "gpu", "predict-gpu"),
    ],
)
def test_only_predict_has_lanes(stage: Stage, lane: str, expected: str) -> None:
    assert queue(stage, lane) == expected


def test_no_two_kinds_of_key_meet() -> None:
    keys = Keys("q:")
    backlog = Backlog(Stage.PREDICT, "x", "x")
    one_of_each = [
        keys.stream(backlog, Priority.LOW), keys.bell(backlog), keys.snapshot("x"),
        keys.heartbeat("x"), keys.running("x"), keys.fenced("x"), keys.streams,
        keys.quarantine, keys.done,
    ]  # fmt: skip
    assert len(set(one_of_each)) == len(one_of_each)
    assert all(key.startswith("q:") for key in one_of_each)
