import io

import pytest
from rich.console import Console

from loadtests.bench import report
from loadtests.bench.measurements import Failure, Measurement, Measurements, Spread
from loadtests.bench.scenarios import TABULAR


def measured(others=0.0):
    figures = {"jobs_per_second": 2000.0, "cpu_ms:api": 0.4, "others_cpu": others}
    return Measurements([Measurement("tabular", "queuecast", "closed loop", 1, figures)])


def shown(found):
    console = Console(file=io.StringIO(), width=200)
    report.show(console, [TABULAR], found, [])
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.01234, "0.0123"), (99.94, "99.9"), (2000.4, "2,000")]
)
def test_numbers_have_three_digits_that_count(value, text):
    assert report.number(value) == text


def test_a_range_is_shown_where_there_were_rounds():
    assert report.spread_text(Spread(20, 10, 90)) == "20 (10 to 90)"
    assert report.spread_text(Spread(20, 20, 20)) == "20"


def test_a_table_shows_what_was_measured():
    said = shown(measured())
    assert "2,000" in said
    assert "api 0.4" in said
    assert "p99" not in said


def test_a_machine_with_other_work_is_mentioned():
    assert "Other processes took 40% of the machine" in shown(measured(others=0.4))
    assert "Other processes" not in shown(measured(others=0.04))


def test_a_failure_is_shown_with_its_reason():
    found = measured()
    found.add(Failure("idle", "naive", 2, "500: no room"))
    assert "failed idle, naive, round 2: 500: no room" in shown(found)
