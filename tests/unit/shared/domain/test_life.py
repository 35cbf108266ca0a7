from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import life
from shared.domain.failures import Failure
from shared.domain.life import Verdict
from shared.domain.names import Priority
from shared.domain.states import CHANGES, TERMINAL, State
from tests.conftest import NOON


@pytest.mark.parametrize(
    ("status", "attempt", "proposed", "expected"),
    [
        ("queued", 2, 2, Verdict.RECORDED),
        ("queued", 2, None, Verdict.RECORDED),
        ("queued", 2, 1, Verdict.FENCED),
        ("queued", 2, 3, Verdict.FENCED),  # SQL was restored from a backup
        *((end, 2, proposed, Verdict.ALREADY) for end in TERMINAL for proposed in (1, 2, None)),
    ],
)
def test_one_end_of_the_current_attempt_is_recorded(status, attempt, proposed, expected) -> None:
    assert life.verdict(status, attempt, proposed) is expected


def test_no_change_begins_at_an_end() -> None:
    assert {State.SUCCEEDED, State.FAILED, State.CANCELED} == TERMINAL
    assert {change.before for change in CHANGES} == {None, State.QUEUED}


def test_a_suspect_waits_longer_each_time() -> None:
    waits = [life.after_crash(crashes, NOON, 9)[1] - NOON for crashes in range(4)]
    assert waits == [timedelta(seconds=seconds) for seconds in (1, 5, 25, 25)]


@given(st.integers(0, 50), st.integers(1, 50))
def test_a_crash_counts_once_and_a_dead_letter_waits_for_nothing(crashes, most) -> None:
    counted, dispatch_after = life.after_crash(crashes, NOON, most)
    assert (counted, life.is_suspect(counted)) == (crashes + 1, True)
    assert (dispatch_after == NOON) is life.is_dead_letter(counted, most)


@pytest.mark.parametrize(
    ("status", "joined_to", "wait", "owed"),
    [("queued", None, 0, True), ("queued", None, 1, False), ("queued", "a", 0, False)]
    + [(end, None, 0, False) for end in TERMINAL],
)
def test_who_is_owed_a_dispatch(status, joined_to, wait, owed) -> None:
    assert life.is_owed(status, NOON + timedelta(seconds=wait), joined_to, NOON) is owed


def test_a_deadline_passes() -> None:
    assert [life.is_late(deadline, 5.0) for deadline in (None, 5.1, 5.0)] == [False, False, True]


def test_an_end_that_says_nothing_about_the_input_is_no_answer() -> None:
    without = {code for code in Failure if not life.answers_joiners("failed", code)}
    assert without == {Failure.DEADLINE_EXCEEDED, Failure.INPUT_LOST}
    assert life.answers_joiners("succeeded", None) and not life.answers_joiners("canceled", None)


def test_the_most_urgent_leads_and_of_those_the_oldest() -> None:
    turns = [
        life.turn("high", NOON, "b"),
        life.turn("normal", NOON, "a"),
        life.turn("normal", NOON, "b"),
        life.turn("normal", NOON + timedelta(seconds=1), "a"),
        life.turn("low", NOON, "a"),
    ]
    assert turns == sorted(turns)
    assert all(life.may_precede(a, b) for a, b in pairwise(Priority))
    assert not any(life.may_precede(b, a) for a, b in pairwise(Priority))
