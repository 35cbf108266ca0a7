import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from loadtests.chaos import report, timeline
from loadtests.chaos.__main__ import parser, plan_of
from loadtests.chaos.counted_models import Execution
from loadtests.chaos.findings import examine
from loadtests.chaos.nemesis import Struck
from loadtests.chaos.run import Outcome, Plan
from loadtests.chaos.soak import Sample

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def outcome(sent, row) -> Outcome:
    at = NOON.timestamp()
    asked, rows = [sent(1), sent(2)], [row(1)]
    struck = [Struck("redis killed", "redis lost", at, at + 1, at + 3.5)]
    samples = [Sample("api 1", float(at), 50.0, 20) for at in range(5)]
    again = [Execution("predict", 1, at + 2)]
    found = examine(asked, rows, {}, [])
    return Outcome(Plan(2, 1.0), found, asked, rows, struck, again, samples, 9.0)


def test_the_tables_show_what_was_lost_and_how_long_it_took(outcome) -> None:
    console = Console(file=io.StringIO(), width=160)
    report.show(console, outcome)
    said = console.file.getvalue()
    assert "lost" in said and "redis lost" in said and "2.50" in said and "api 1" in said


def test_the_figures_hold_the_same(outcome) -> None:
    figures = report.as_json(outcome)
    assert figures["jobs"]["lost"] == 1
    assert figures["executed_again"] == {"predict: redis killed": 1}
    assert figures["recovery_seconds"]["redis lost"]["p99"] == 2.5
    assert figures["strikes"][0]["name"] == "redis killed"


def test_the_picture_is_drawn(outcome, tmp_path) -> None:
    timeline.draw(tmp_path / "a.png", "title", outcome.sent, outcome.rows, outcome.struck)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_minutes_give_the_pace() -> None:
    plan = plan_of(parser().parse_args(["--jobs", "600", "--minutes", "2", "--seed", "9"]))
    assert (plan.a_second, plan.seed, plan.with_faults) == (5.0, 9, True)


def test_a_soak_has_no_faults() -> None:
    plan = plan_of(parser().parse_args(["--soak"]))
    assert (plan.with_faults, plan.sampled) == (False, True)
