"""The rules of a job's life under every fault, on paper: fast, and many of them."""

import pytest
from hypothesis import Phase
from hypothesis.errors import FlakyFailure

from shared.domain import life
from shared.domain.life import Verdict
from shared.domain.states import TERMINAL
from tests.conformance.life.machine import run
from tests.conformance.life.paper_world import PaperWorld
from workers import sweep_decisions as decide
from workers.sweep_decisions import RedisWatch, Rescue


def test_the_promises_hold_whatever_happens() -> None:
    run(PaperWorld, examples=100, steps=40)


@pytest.mark.long
def test_the_promises_hold_in_thousands_of_lives() -> None:
    run(PaperWorld, examples=3000, steps=60)


def always(answer):
    return lambda *_, **__: answer


def _all_held_crashed(held, running):
    return Rescue(crashed=[one for _, one in held])


def _outcomes_released(held, running):
    return Rescue(released=[one for _, one in held])


BROKEN = {
    "an outcome counts whatever its attempt": (
        life, "verdict",
        lambda status, *_: Verdict.ALREADY if status in TERMINAL else Verdict.RECORDED,
    ),
    "an end is no end": (
        life, "verdict",
        lambda _, attempt, mine: Verdict.RECORDED if mine in (None, attempt) else Verdict.FENCED,
    ),
    "what has ended or joined is owed": (
        life, "is_owed", lambda status, after, leader, now: after <= now,
    ),
    "nothing is owed": (life, "is_owed", always(False)),
    "a crash does not count": (
        life, "after_crash", lambda crashes, now, most: (crashes, now),
    ),
    "nobody is a dead letter": (life, "is_dead_letter", always(False)),
    "everybody is a dead letter": (life, "is_dead_letter", always(True)),
    "any end answers the joiners": (life, "answers_joiners", always(True)),
    "all that is held has crashed": (decide, "rescue", _all_held_crashed),
    "nobody is dead": (decide, "dead_consumers", always([])),
    "nothing is missing": (decide, "missing", always([])),
    "all that is owed is missing": (decide, "missing", lambda due, there: list(due)),
    "no backlog has work": (decide, "with_work", always([])),
    "a Redis that came back is believed": (RedisWatch, "seen", always(False)),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("broken", BROKEN)
def test_the_machine_finds_each_rule_that_is_broken(broken, monkeypatch) -> None:
    place, name, instead = BROKEN[broken]
    monkeypatch.setattr(place, name, instead)
    with pytest.raises((AssertionError, FlakyFailure, KeyError, ExceptionGroup)):
        run(PaperWorld, examples=3000, steps=60, phases=[Phase.generate])
