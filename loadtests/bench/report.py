"""The tables on the screen."""

from collections.abc import Iterator, Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from loadtests.bench.measurements import Measurements, Spread
from loadtests.bench.scenarios.scenario import Scenario
from loadtests.bench.targets import Verdict

LEAST_DISTURBANCE = 0.1

TITLES = {
    "jobs_per_second": "jobs/s",
    "accepted_per_second": "accepted/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "accept_p50_ms": "accepted p50 ms",
    "accept_p99_ms": "accepted p99 ms",
    "get_p50_ms": "GET p50 ms",
    "get_p99_ms": "GET p99 ms",
    "page_p50_ms": "page p50 ms",
    "page_p99_ms": "page p99 ms",
    "cpu_ms": "CPU ms/job",
    "redis_commands": "Redis commands/job",
    "redis_round_trips": "round trips/job",
    "redis_mib": "Redis MiB",
    "redis_bytes_per_job": "Redis bytes/job",
    "peak_mib": "peak MiB",
    "hit_share": "hits",
    "joined_share": "joined",
    "model_runs": "model runs",
}


def show(
    console: Console,
    scenarios: Sequence[Scenario],
    measured: Measurements,
    verdicts: Sequence[Verdict],
) -> None:
    """One table per scenario, then CPU by process, then the targets."""
    for scenario in scenarios:
        if any(measured.cases(scenario.name)):
            console.print(_table(scenario, measured))
    console.print(_cpu_table(measured))
    if warning := disturbance(measured):
        console.print(f"[yellow]{warning}[/]", highlight=False)
    for failure in measured.failures:
        where = f"{failure.scenario}, {failure.arm}, round {failure.round}"
        console.print(f"[red]failed[/] {where}: {failure.reason}", highlight=False)
    if verdicts:
        console.print(_verdict_table(verdicts))


def disturbance(measured: Measurements) -> str:
    """What to say of a machine that had other work to do; empty when it had little."""
    shares = [one.figures["others_cpu"] for one in measured.taken if "others_cpu" in one.figures]
    if not shares or median(shares) < LEAST_DISTURBANCE:
        return ""
    share = f"{median(shares):.0%} of the machine (up to {max(shares):.0%})"
    return f"Other processes took {share} meanwhile: trust no figure, and the ratios only roughly."


def columns_of(scenario: Scenario, measured: Measurements) -> list[str]:
    """The figures of its table that were measured."""
    spreads = measured.spreads()
    there = {name for where in measured.cases(scenario.name) for name in spreads[where]}
    return [name for name in scenario.columns if name in there]


def number(value: float) -> str:
    """Three significant digits, whole numbers above a hundred."""
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread_text(spread: Spread) -> str:
    """The median, and the range where there were several rounds."""
    if spread.least == spread.most:
        return number(spread.median)
    return f"{number(spread.median)} ({number(spread.least)} to {number(spread.most)})"


def _table(scenario: Scenario, measured: Measurements) -> Table:
    table = Table(title=f"{scenario.name}: {scenario.question}", title_justify="left")
    spreads = measured.spreads()
    columns = columns_of(scenario, measured)
    table.add_column("arm")
    table.add_column("case")
    for name in columns:
        table.add_column(TITLES[name], justify="right")
    for where in measured.cases(scenario.name):
        cells = (spreads[where].get(name) for name in columns)
        table.add_row(*where[1:], *(spread_text(cell) if cell else "" for cell in cells))
    return table


def _cpu_table(measured: Measurements) -> Table:
    table = Table(title="CPU ms per job, and peak MiB, by process", title_justify="left")
    for title in ("scenario", "arm", "case", "CPU ms per job", "peak MiB"):
        table.add_column(title)
    for where, spreads in measured.spreads().items():
        parts = [" ".join(_by_process(spreads, f"{name}:")) for name in ("cpu_ms", "peak_mib")]
        if any(parts):
            table.add_row(*where, *parts)
    return table


def _by_process(spreads: dict[str, Spread], prefix: str) -> Iterator[str]:
    for name, spread in spreads.items():
        if name.startswith(prefix):
            yield f"{name.removeprefix(prefix)} {number(spread.median)}"


def _verdict_table(verdicts: Sequence[Verdict]) -> Table:
    table = Table(title="targets", title_justify="left")
    for title in ("", "target", "wanted", "found"):
        table.add_column(title)
    for one in verdicts:
        mark = "[green]met[/]" if one.met else "[red]short[/]"
        table.add_row(mark, one.text, one.wanted, f"{number(one.found)}{one.unit}")
    return table
