"""The panels of the picture. Each draws what it finds and answers whether it found anything."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from loadtests.bench import plots
from loadtests.bench.arms.arm import POLLING, SUBMITTING, WAITING
from loadtests.bench.arms.filled import name_of
from loadtests.bench.measurements import Measurements, Where
from loadtests.bench.plan import FULL
from loadtests.bench.plots import Bar, Line
from loadtests.bench.scenarios import depth, heavy, image, payloads, rows, tabular

OURS, NAIVE, LOOP = "queuecast", "naive", "onnxruntime"
COLOURS = {
    OURS: plots.BLUE,
    NAIVE: plots.ORANGE,
    "naive, SQL rows": plots.RED,
    "bentoml": plots.GREEN,
    "arq": plots.PINK,
}
PROCESS_COLOURS = {
    "api": plots.SKY,
    "preprocess": plots.YELLOW,
    "predict": plots.GREEN,
    "record": plots.PINK,
    "redis": plots.GREY,
    "worker": plots.ORANGE,
}
WAYS = {SUBMITTING: "POST waits", WAITING: "GET waits", POLLING: "GET each 2 ms"}
COUNTS = {1_000: "1k", 10_000: "10k", 100_000: "100k", 1_000_000: "1M"}


def speed(axes: Axes, measured: Measurements) -> bool:
    """Jobs per second of every arm, table rows and pictures."""
    arms = dict.fromkeys(where[1] for where in measured.cases("tabular"))
    found = {f"{arm}: wine": ("tabular", arm, tabular.CLOSED) for arm in arms}
    found |= {f"{arm}: PNG": ("image", arm, image.CASE) for arm in (OURS, NAIVE)}
    axes.set_title("jobs/s, every result fetched")
    return _bars(axes, measured, "jobs_per_second", found)


def latency(axes: Axes, measured: Measurements) -> bool:
    """One job on an idle system."""
    found = {f"{where[1]}: {WAYS[where[2]]}": where for where in measured.cases("idle")}
    axes.set_title("one job on an idle system: p50, ms")
    return _bars(axes, measured, "p50_ms", found)


def processor_time(axes: Axes, measured: Measurements) -> bool:
    """CPU of a table row, stacked by process."""
    spreads, shown = measured.spreads(), {}
    for arm in (OURS, NAIVE):
        figures = spreads.get(("tabular", arm, tabular.CLOSED), {})
        parts = {name: figures.get(f"cpu_ms:{name}") for name in PROCESS_COLOURS}
        drawn = [Bar(name, one.median, PROCESS_COLOURS[name]) for name, one in parts.items() if one]
        if drawn:
            shown[arm] = drawn
    if shown:
        plots.stacks(axes, shown)
    axes.set_title("CPU ms per job, by process")
    return bool(shown)


def near_bare(axes: Axes, measured: Measurements) -> bool:
    """Heavier models: the share of a bare onnxruntime loop's speed."""
    shown = []
    for scenario in ("transformer", "resnet18"):
        for arm in (OURS, NAIVE):
            ours, bare = ((scenario, one, heavy.CASE) for one in (arm, LOOP))
            share = measured.ratio("jobs_per_second", ours, bare)
            if share is not None:
                shown.append(Bar(f"{arm}: {scenario}", share, COLOURS[arm]))
    if shown:
        plots.bars(axes, shown)
        axes.axvline(1, color="black", linewidth=0.8, linestyle=":")
    axes.set_title("share of a bare onnxruntime loop")
    return bool(shown)


def growth(axes: Axes, measured: Measurements) -> bool:
    """Jobs per second as the queue and the tables grow."""
    found: dict[str, dict[int, Where]] = {
        "rows in SQL": {count: ("rows", name_of(count), rows.CASE) for count in FULL.rows},
        "jobs queued": {count: ("depth", OURS, depth.case_of(count)) for count in FULL.depths},
    }
    axes.set_title("jobs/s as it grows")
    return _lines(axes, measured, "jobs_per_second", found, COUNTS)


def size(axes: Axes, measured: Measurements) -> bool:
    """Jobs per second against the size of a request."""
    sizes = [size for size, _ in FULL.payload_jobs]
    found: dict[str, dict[int, Where]] = {
        arm: {size: ("payloads", arm, payloads.case_of(size)) for size in sizes}
        for arm in (OURS, NAIVE)
    }
    axes.set_title("jobs/s against the size of a request")
    ticks = {size: payloads.case_of(size) for size in sizes}
    axes.set_yscale("log")
    return _lines(axes, measured, "jobs_per_second", found, ticks)


ALL = (speed, latency, processor_time, near_bare, growth, size)


def _bars(axes: Axes, measured: Measurements, figure: str, found: Mapping[str, Where]) -> bool:
    values = {label: measured.median(figure, *where) for label, where in found.items()}
    shown = [
        Bar(label, value, COLOURS[found[label][1]])
        for label, value in values.items()
        if value is not None
    ]
    if shown:
        plots.bars(axes, shown)
    return bool(shown)


def _lines(
    axes: Axes,
    measured: Measurements,
    figure: str,
    found: Mapping[str, Mapping[int, Where]],
    ticks: Mapping[int, str],
) -> bool:
    colours: Sequence[str] = (plots.BLUE, plots.ORANGE)
    shown = []
    for (label, places), colour in zip(found.items(), colours, strict=True):
        values = {place: measured.median(figure, *where) for place, where in places.items()}
        points = [(place, value) for place, value in values.items() if value is not None]
        if points:
            shown.append(Line(label, points, colour))
    if shown:
        plots.lines(axes, shown, ticks)
    return bool(shown)
