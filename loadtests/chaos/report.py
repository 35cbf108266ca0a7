"""The tables at the end of a run."""

from collections import Counter
from dataclasses import asdict, fields
from typing import Any

from rich.console import Console
from rich.table import Table

from loadtests.chaos import figures
from loadtests.chaos.figures import POST_TARGETS_MS, TARGETS, Spread
from loadtests.chaos.run import Outcome
from loadtests.chaos.soak import Growth, growth

MEANINGS = {
    "attempts": "submits that were tried",
    "acknowledged": "answered: from then on a promise",
    "ok": "acknowledged, and ended",
    "lost": "acknowledged, and never ended",
    "recovered": "never acknowledged, and there all the same",
    "unended": "of these, without an end",
    "unexpected": "there, and nobody asked for them",
    "twice": "executed more than once, at any stage",
    "predicted_twice": "of these, by the model itself",
    "fenced": "outcomes of an attempt that was not the current one any more",
    "double": "with two ends, or shown two",
    "wrong": "another output than the model's, or an end that nothing explains",
    "announced": "webhooks that arrived",
    "announced_again": "of these, once more",
    "unannounced": "webhooks that were forgotten",
    "contradictions": "in no backlog and in no worker's hands, or in two",
}
BROKEN = ("lost", "unended", "unexpected", "double", "wrong", "unannounced", "contradictions")


def show(console: Console, outcome: Outcome) -> None:
    """As text, for a person."""
    found, plan = outcome.found, outcome.plan
    jobs = Table(title=f"{plan.system} on {plan.database}, seed {plan.seed}: {plan.jobs} jobs")
    jobs.add_column("jobs")
    jobs.add_column("number", justify="right")
    jobs.add_column("meaning")
    for name, meaning in MEANINGS.items():
        number = getattr(found, name)
        style = "bold red" if number and name in BROKEN else None
        jobs.add_row(name.replace("_", " "), f"{number:,}", meaning, style=style)
    console.print(jobs)
    by_fault = figures.recoveries(outcome.struck, by_target=False)
    for table in (
        _spreads("recovery, s", recoveries(outcome), TARGETS),
        _spreads("by fault, s", by_fault, {}),
        _spreads("submits, ms", _posts(outcome), POST_TARGETS_MS),
    ):
        if table.row_count:
            console.print(table)
    if outcome.samples:
        console.print(_growths(growth(outcome.samples)))
    console.print(f"executed again, by the last fault: {executed_again(outcome)}", highlight=False)
    console.print(f"ends: {found.ends}; results: {found.caches}", highlight=False)
    for note in found.notes:
        console.print(note, highlight=False, markup=False)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Everything that the tables show, and each strike."""
    return {
        "plan": asdict(outcome.plan),
        "seconds": outcome.seconds,
        "jobs": asdict(outcome.found),
        "executed_twice_share": outcome.found.twice / max(1, outcome.found.attempts),
        "recovery_seconds": {name: asdict(one) for name, one in recoveries(outcome).items()},
        "recovery_seconds_by_fault": {
            name: asdict(one)
            for name, one in figures.recoveries(outcome.struck, by_target=False).items()
        },
        "submit_ms": {name: asdict(one) for name, one in _posts(outcome).items()},
        "growth": {name: asdict(one) for name, one in growth(outcome.samples).items()},
        "executed_again": executed_again(outcome),
        "strikes": [asdict(one) for one in outcome.struck],
        "answers": _answers(outcome),
    }


def executed_again(outcome: Outcome) -> dict[str, int]:
    """Executions that were not the first, by stage and by the fault that had begun last."""
    found: Counter[str] = Counter()
    for one in outcome.again:
        before = [struck for struck in outcome.struck if struck.begun <= one.at]
        last = max(before, key=lambda struck: struck.begun).name if before else "none"
        found[f"{one.stage}: {last}"] += 1
    return dict(found.most_common())


def recoveries(outcome: Outcome) -> dict[str, Spread]:
    return figures.recoveries(outcome.struck, by_target=True)


def _posts(outcome: Outcome) -> dict[str, Spread]:
    posts = [post for one in outcome.sent for post in one.posts]
    return dict(figures.posts(posts, outcome.struck))


def _answers(outcome: Outcome) -> dict[str, int]:
    """Submits by the status of their answer; 0 is none."""
    found: dict[str, int] = {}
    for one in outcome.sent:
        for post in one.posts:
            found[str(post.status)] = found.get(str(post.status), 0) + 1
    return found


def _spreads(title: str, spreads: dict[str, Spread], targets: dict[str, float]) -> Table:
    table = Table(title=title)
    table.add_column("")
    for column in (*[one.name for one in fields(Spread)], "target for p99"):
        table.add_column(column, justify="right")
    for name, one in spreads.items():
        target = f"{targets[name]:g}" if name in targets else ""
        values = (f"{one.p50:.2f}", f"{one.p99:.2f}", f"{one.longest:.2f}")
        table.add_row(name, str(one.count), *values, str(one.missing), target)
    return table


def _growths(growths: dict[str, Growth]) -> Table:
    table = Table(title="after the warm-up")
    table.add_column("process")
    for column in ("memory, MiB", "MiB an hour", "open files", "files an hour"):
        table.add_column(column, justify="right")
    for name, one in growths.items():
        memory = "{:.1f} to {:.1f}".format(*one.resident_mib)
        files = "{} to {}".format(*one.open_files)
        slopes = f"{one.resident_mib_an_hour:+.1f}", f"{one.open_files_an_hour:+.1f}"
        table.add_row(name, memory, slopes[0], files, slopes[1])
    return table
