from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.jobs.new_job import fingerprint

parts = st.lists(st.text(max_size=4) | st.binary(max_size=4), max_size=4)


def as_bytes(given_parts: list[str | bytes]) -> list[bytes]:
    return [one.encode() if isinstance(one, str) else one for one in given_parts]


@given(parts, parts)
def test_only_the_same_parts_have_the_same_fingerprint(one, other) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (as_bytes(one) == as_bytes(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("ab",), ("a", "b")),
        (("a", ""), ("", "a")),
        (("a",), ("a", "")),
        ((), ("",)),
        ((b"\0\0\0\0\0\0\0\1a",), ("", "a")),
    ],
)
def test_moved_boundaries_change_the_fingerprint(one, other) -> None:
    assert fingerprint(*one) != fingerprint(*other)


def test_a_fingerprint_fits_its_column() -> None:
    assert len(fingerprint("x")) == 64


def test_a_row_waits_before_it_is_dispatched_again(new_job, settings) -> None:
    job = new_job()
    row = job.row(settings, None)
    assert row["dispatch_after"] == job.created_at + timedelta(seconds=10)
    assert (row["status"], row["attempt"], row["crashes"]) == ("queued", 1, 0)


def test_an_input_stands_in_one_place(new_job, settings) -> None:
    job = new_job()
    inline, elsewhere = job.row(settings, None), job.row(settings, "inputs/x")
    assert (inline["input"], inline["input_ref"]) == (job.input, None)
    assert (elsewhere["input"], elsewhere["input_ref"]) == (None, "inputs/x")
    assert inline["input_bytes"] == elsewhere["input_bytes"] == len(job.input)


@pytest.mark.parametrize(("limit", "shown"), [(16, {"alcohol": 13.2}), (15, None)])
def test_only_a_small_input_is_echoed(new_job, limit, shown) -> None:
    snapshot = new_job().snapshot(limit)
    assert (snapshot["input"], snapshot["input_bytes"]) == (shown, 16)
