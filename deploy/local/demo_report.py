"""What the demo found, as tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Group, RenderableType
from rich.table import Table

from deploy.local.demo_samples import Sample
from queuecast import Prediction

SHOWN_PER_MODEL = 5


@dataclass(frozen=True, slots=True)
class Run:
    """One sample and what became of it."""

    sample: Sample
    prediction: Prediction

    @property
    def label(self) -> str:
        output = self.prediction.output
        return str(output["label"]) if isinstance(output, dict) and "label" in output else "-"

    @property
    def right(self) -> bool:
        return self.prediction.succeeded and self.label == self.sample.truth


def by_model(runs: Iterable[Run]) -> dict[str, list[Run]]:
    grouped: dict[str, list[Run]] = {}
    for run in runs:
        grouped.setdefault(run.sample.model, []).append(run)
    return grouped


def accuracy(runs: Sequence[Run]) -> float:
    return sum(run.right for run in runs) / len(runs) if runs else 0.0


def predictions_table(runs: Sequence[Run]) -> RenderableType:
    """Some of each model, and everything that went wrong."""
    table = Table("model", "input", "prediction", "truth", header_style="bold")
    table.add_column("time", justify="right")
    table.add_column("batch", justify="right")
    hidden = 0
    for group in by_model(runs).values():
        for position, run in enumerate(group):
            if position < SHOWN_PER_MODEL or not run.right:
                table.add_row(*_cells(run), style="" if run.right else "red")
            else:
                hidden += 1
        table.add_section()
    return Group(table, f"and {hidden} more, all right" if hidden else "")


def models_table(runs: Sequence[Run]) -> Table:
    table = Table("model", header_style="bold")
    for name in ("inputs", "succeeded", "accuracy", "median time", "largest batch"):
        table.add_column(name, justify="right")
    for model, group in by_model(runs).items():
        done = [run for run in group if run.prediction.succeeded]
        times = [seconds for run in done if (seconds := run.prediction.metrics.total_time)]
        batches = [run.prediction.metrics.batch_size or 0 for run in done]
        table.add_row(
            model,
            str(len(group)),
            str(len(done)),
            f"{accuracy(group):.3f}",
            milliseconds(median(times)) if times else "-",
            str(max(batches, default=0)),
        )
    return table


def cache_states(runs: Iterable[Run]) -> str:
    """What came from a cache, such as "hit 12"; empty when nothing did."""
    found = (run.prediction.cache for run in runs)
    states = Counter(state for state in found if state not in (None, "miss"))
    return ", ".join(f"{state} {count}" for state, count in states.items())


def milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f} ms"


def _cells(run: Run) -> tuple[str, ...]:
    prediction = run.prediction
    said = run.label if prediction.succeeded else f"{prediction.status}: {prediction.error_code}"
    return (
        run.sample.model,
        run.sample.name,
        said,
        run.sample.truth,
        milliseconds(prediction.metrics.total_time),
        str(prediction.metrics.batch_size or "-"),
    )
