"""The tables of a run for the documentation: the machine, the targets, a table per scenario."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from loadtests.bench.measurements import Measurements
from loadtests.bench.report import TITLES, columns_of, disturbance, number, spread_text
from loadtests.bench.scenarios.scenario import Scenario
from loadtests.bench.targets import Verdict


def render(
    machine: Mapping[str, object],
    scenarios: Sequence[Scenario],
    measured: Measurements,
    verdicts: Sequence[Verdict],
) -> str:
    """Medians, with the range over the rounds in brackets."""
    parts = [_on(machine), *_table(("target", "wanted", "found"), _judged(verdicts))]
    if warning := disturbance(measured):
        parts += ["", warning]
    for scenario in scenarios:
        columns = columns_of(scenario, measured)
        if columns:
            titles = ("arm", "case", *(TITLES[name] for name in columns))
            parts += ["", f"**{scenario.name}**: {scenario.question}", ""]
            parts += _table(titles, _rows(scenario, measured, columns))
    return "\n".join(parts) + "\n"


def _on(machine: Mapping[str, object]) -> str:
    return (
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, "
        f"{machine['system']}, Python {machine['python']}, Valkey {machine['redis_server']}, "
        f"revision {machine['revision']}.\n"
    )


def _judged(verdicts: Iterable[Verdict]) -> Iterator[Sequence[str]]:
    for one in verdicts:
        found = f"{number(one.found)}{one.unit}"
        yield one.text, one.wanted, found if one.met else f"**{found}, short**"


def _rows(
    scenario: Scenario, measured: Measurements, columns: Sequence[str]
) -> Iterator[Sequence[str]]:
    spreads = measured.spreads()
    for where in measured.cases(scenario.name):
        cells = (spreads[where].get(name) for name in columns)
        yield where[1], where[2], *(spread_text(cell) if cell else "" for cell in cells)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [titles, ["---"] * len(titles), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
