import os

import pytest

from deploy.local.__main__ import main as run
from loadtests.bench.__main__ import BY_NAME, chosen, parser, plan_of
from loadtests.bench.plan import FULL, QUICK


def options(*words):
    return parser().parse_args(words)


def test_all_is_measured_unless_time_is_short():
    assert [one.name for one in chosen(options())] == list(BY_NAME)
    assert {one.name for one in chosen(options("--quick"))} < set(BY_NAME)


def test_what_is_asked_for_is_measured_even_when_time_is_short():
    assert [one.name for one in chosen(options("--quick", "--only", "rows"))] == ["rows"]


@pytest.mark.parametrize(
    ("words", "plan", "rounds"),
    [((), FULL, 3), (("--quick",), QUICK, 1), (("--rounds", "5"), FULL, 5)],
)
def test_the_plan_is_the_full_one_unless_told(words, plan, rounds):
    found = plan_of(options(*words))
    assert (found.name, found.rounds) == (plan.name, rounds)


def test_peers_are_named_in_one_word():
    assert options("--peers", "arq,bentoml").peers == ("arq", "bentoml")


@pytest.mark.parametrize(
    "words", [("--only", "dance"), ("--peers", "rabbit"), ("--rounds", "0"), ("--surplus",)]
)
def test_wrong_use_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        options(*words)
    assert ended.value.code == 2
    assert "usage: ./run bench" in capsys.readouterr().err


def test_run_bench_becomes_the_benchmark(monkeypatch):
    became = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: became.extend(arguments))
    run(["bench", "--quick"])
    assert became[1:] == ["-P", "-m", "loadtests.bench", "--quick"]
