from collections import defaultdict

from loadtests.bench import markdown
from loadtests.bench.measurements import Measurement, Measurements
from loadtests.bench.scenarios import CACHE, TABULAR
from loadtests.bench.targets import Verdict

MACHINE = defaultdict(str, cores=2, processor="a processor")


def rendered(verdicts=()):
    measured = Measurements(
        Measurement("tabular", "queuecast", "closed loop", number, {"jobs_per_second": speed})
        for number, speed in enumerate((2000.0, 2500.0, 2100.0), 1)
    )
    return markdown.render(MACHINE, [TABULAR, CACHE], measured, verdicts).splitlines()


def test_a_scenario_is_a_table_of_what_was_measured():
    lines = rendered()
    assert lines[0].startswith("2 cores (a processor)")
    assert "| arm | case | jobs/s |" in lines
    assert "| queuecast | closed loop | 2,100 (2,000 to 2,500) |" in lines
    assert not any("cache" in line for line in lines)


def test_a_target_that_was_missed_stands_out():
    met, short = Verdict("a", ">= 10 x", 12.0, True, " x"), Verdict("b", "<= 8", 9.0, False, "")
    lines = rendered([met, short])
    assert "| a | >= 10 x | 12 x |" in lines
    assert "| b | <= 8 | **9, short** |" in lines
