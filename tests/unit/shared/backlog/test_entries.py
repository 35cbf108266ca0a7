import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.backlog.entries import Entry, EntryUnreadable, decode
from shared.domain.outcome import Outcome
from shared.domain.prediction import Snapshot
from shared.domain.states import State

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
seconds = st.none() | st.floats(0, 1e9)
outcomes = st.builds(
    Outcome,
    state=st.sampled_from([State.QUEUED, State.FAILED, State.CANCELED]),
    error=st.none() | texts,
    error_code=st.none() | texts,
    queue_time=seconds,
    preprocess_time=seconds,
    predict_time=seconds,
    batch_size=st.none() | st.integers(1, 999),
    started_at=seconds,
    output=st.none(),
    output_ref=st.none(),
    input_shape=st.none() | texts.filter(bool),
)
jobs = st.fixed_dictionaries(
    dict.fromkeys(Snapshot.__required_keys__, texts) | {"attempt": st.integers(1, 99)}
)
entries = st.builds(
    Entry,
    job=jobs,
    payload=st.binary(max_size=50),
    payload_ref=st.none() | texts,
    rows=st.integers(0, 99),
    stored_bytes=st.integers(0, 1 << 40),
    crashes=st.integers(0, 3),
    deadline=seconds,
    outcome=outcomes,
)


def fields(entry: Entry) -> dict[bytes, bytes]:
    declared = entry.declared
    weights = {b"r": b"%d" % declared[0], b"b": b"%d" % declared[1]} if declared else {}
    return {b"h": entry.header(), b"p": entry.payload, **weights}


@given(entries)
def test_an_entry_comes_back_as_it_was(entry: Entry) -> None:
    assert decode(fields(entry)) == entry


def test_the_payload_of_a_success_is_its_output(snapshot) -> None:
    outcome = Outcome(State.SUCCEEDED, output=b"[1]", predict_time=0.5)
    entry = Entry(snapshot, payload=b"[1]", outcome=outcome)
    assert decode(fields(entry)) == entry


def test_a_large_output_travels_by_reference(snapshot) -> None:
    outcome = Outcome(State.SUCCEEDED, output_ref="outputs/x", predict_time=0.5)
    entry = Entry(snapshot, payload_ref="outputs/x", outcome=outcome)
    assert decode(fields(entry)) == entry


def test_only_a_release_that_knows_references_reads_one(snapshot) -> None:
    by_reference = Outcome(State.SUCCEEDED, output_ref="outputs/x")
    entries = (Entry(snapshot), Entry(snapshot, payload_ref="outputs/x", outcome=by_reference))
    assert [orjson.loads(entry.header())["v"] for entry in entries] == [1, 2]


def test_a_job_is_a_suspect_from_its_first_crash(snapshot) -> None:
    assert [Entry(snapshot, crashes=n).suspect for n in (0, 1, 2)] == [False, True, True]


@pytest.mark.parametrize(
    "change",
    [
        {b"h": b""},
        {b"h": b"{"},
        {b"h": b"\xff"},
        {b"h": b"null"},
        {b"h": b"[]"},
        {b"h": b'"text"'},
        {b"h": b'{"v":1}'},
        {b"h": b'{"v":3}'},
        {b"r": b"many"},
        {b"b": b""},
    ],
)
def test_another_format_is_unreadable(snapshot, change: dict[bytes, bytes]) -> None:
    with pytest.raises(EntryUnreadable):
        decode(fields(Entry(snapshot)) | change)


@pytest.mark.parametrize("name", [b"h", b"p"])
def test_an_entry_without_a_part_is_unreadable(snapshot, name: bytes) -> None:
    whole = fields(Entry(snapshot))
    del whole[name]
    with pytest.raises(EntryUnreadable):
        decode(whole)


def test_an_unknown_state_is_unreadable(snapshot) -> None:
    header = orjson.loads(Entry(snapshot).header()) | {"state": "paused"}
    with pytest.raises(EntryUnreadable):
        decode({b"h": orjson.dumps(header), b"p": b""})
