"""The panels of the picture. Each draws what it finds and answers whether it found anything.

The colours are those of Okabe and Ito, which the colour-blind tell apart; every bar and line also
carries its number or its name.
"""

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes

from loadtests.bench.arms.arm import POLLING, WAITING
from loadtests.bench.arms.filled import name_of
from loadtests.bench.measurements import Measurements, Where
from loadtests.bench.plan import FULL
from loadtests.bench.report import number
from loadtests.bench.scenarios import arrivals, depth, heavy, image, rows, tabular

COLOURS = {
    "queuecast": "#0072B2",
    "naive": "#E69F00",
    "naive, SQL rows": "#D55E00",
    "onnxruntime": "#999999",
}
OTHERS = ("#009E73", "#CC79A7", "#56B4E9", "#F0E442")
PROCESS_COLOURS = {
    "api": "#0072B2",
    "preprocess": "#56B4E9",
    "predict": "#009E73",
    "record": "#CC79A7",
    "sweeper": "#F0E442",
    "redis": "#999999",
    "worker": "#E69F00",
}

Bar = tuple[str, Where]


def speed(axes: Axes, measured: Measurements) -> bool:
    """Jobs per second of every arm, small tables and pictures."""
    arms = dict.fromkeys(where[1] for where in measured.cases("tabular"))
    bars = [(f"{arm}\nwine", ("tabular", arm, tabular.CLOSED)) for arm in arms]
    bars += [(f"{arm}\nPNG", ("image", arm, image.CASE)) for arm in ("queuecast", "naive")]
    axes.set_title("jobs/s, every result fetched")
    return _bars(axes, measured, bars, "jobs_per_second")


def latency(axes: Axes, measured: Measurements) -> bool:
    """Milliseconds of one job on an idle system."""
    cases = {WAITING: "waiting", POLLING: "polling, 2 ms"}
    bars = [(f"{where[1]}\n{cases[where[2]]}", where) for where in measured.cases("idle")]
    axes.set_title("one job on an idle system, p50 in ms")
    return _bars(axes, measured, bars, "p50_ms")


def near_bare(axes: Axes, measured: Measurements) -> bool:
    """Heavier models: the share of a bare onnxruntime loop's speed."""
    bars, values = [], []
    for scenario in ("transformer", "resnet18"):
        for arm in ("queuecast", "naive"):
            ours, bare = ((scenario, one, heavy.CASE) for one in (arm, "onnxruntime"))
            share = measured.ratio("jobs_per_second", ours, bare)
            if share is not None:
                bars.append((f"{arm}\n{scenario}", ours))
                values.append(share)
    axes.set_title("share of a bare onnxruntime loop")
    axes.axhline(1, color="black", linewidth=0.8, linestyle=":")
    return _draw_bars(axes, bars, values)


def processor_time(axes: Axes, measured: Measurements) -> bool:
    """CPU per job, stacked by process."""
    spreads = measured.spreads()
    found = [arm for arm in ("queuecast", "naive") if ("tabular", arm, tabular.CLOSED) in spreads]
    for place, arm in enumerate(found):
        bottom = 0.0
        for process, colour in PROCESS_COLOURS.items():
            part = spreads["tabular", arm, tabular.CLOSED].get(f"cpu_ms:{process}")
            if part is None:
                continue
            axes.bar(place, part.median, bottom=bottom, color=colour, width=0.6)
            if part.median > 0.25:
                middle = bottom + part.median / 2
                axes.text(place, middle, f"{process} {number(part.median)}", ha="center", va="center")
            bottom += part.median
        axes.text(place, bottom, number(bottom), ha="center", va="bottom", weight="bold")
    axes.set_xticks(range(len(found)), found)
    axes.set_title("CPU ms per job, by process")
    return any(axes.patches)


def growth(axes: Axes, measured: Measurements) -> bool:
    """Jobs per second as the queue and the tables grow."""
    lines = {
        "rows in SQL": [(count, ("rows", name_of(count), rows.CASE)) for count in FULL.rows],
        "jobs queued": [(count, ("depth", "queuecast", depth.case_of(count)))
                        for count in FULL.depths],
    }  # fmt: skip
    axes.set_title("jobs/s as it grows")
    axes.set_xscale("log")
    return _lines(axes, measured, lines, "jobs_per_second")


def size(axes: Axes, measured: Measurements) -> bool:
    """Jobs per second against the size of a request."""
    lines = {
        arm: [(bytes_ >> 10, ("payloads", arm, f"{bytes_ >> 10} KiB"))
              for bytes_, _ in FULL.payload_jobs]
        for arm in ("queuecast", "naive")
    }  # fmt: skip
    axes.set_title("jobs/s against KiB in a request")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    return _lines(axes, measured, lines, "jobs_per_second")


def on_schedule(axes: Axes, measured: Measurements) -> bool:
    """The time to the 202 when requests arrive on a schedule."""
    lines = {
        arm: [(rate, ("arrivals", arm, arrivals.case_of(rate))) for rate in FULL.arrivals_per_second]
        for arm in ("queuecast", arrivals.MANY_NAME)
    }
    axes.set_title("accepted after ms (p99), by requests/s")
    return _lines(axes, measured, lines, "accept_p99_ms")


ALL = (speed, latency, processor_time, near_bare, growth, size, on_schedule)


def _bars(axes: Axes, measured: Measurements, bars: Iterable[Bar], figure: str) -> bool:
    found = [(bar, measured.median(figure, *bar[1])) for bar in bars]
    there = [(bar, value) for bar, value in found if value is not None]
    return _draw_bars(axes, [bar for bar, _ in there], [value for _, value in there])


def _draw_bars(axes: Axes, bars: Sequence[Bar], values: Sequence[float]) -> bool:
    names = [arm for _, (_, arm, _) in bars]
    spare = dict(zip((name for name in dict.fromkeys(names) if name not in COLOURS), OTHERS, strict=False))
    colours = [{**COLOURS, **spare}[name] for name in names]
    drawn = axes.bar(range(len(bars)), values, color=colours, width=0.7)
    axes.bar_label(drawn, [number(value) for value in values], padding=2)
    axes.set_xticks(range(len(bars)), [label.replace(", ", "\n") for label, _ in bars], fontsize=7)
    return bool(bars)


def _lines(
    axes: Axes, measured: Measurements, lines: dict[str, list[tuple[int, Where]]], figure: str
) -> bool:
    """One line per name, which stands at its end."""
    for number_, (name, points) in enumerate(lines.items()):
        found = [(at, measured.median(figure, *where)) for at, where in points]
        there = [(at, value) for at, value in found if value is not None]
        if there:
            colour = COLOURS.get(name, OTHERS[number_])
            places, values = zip(*there, strict=True)
            axes.plot(places, values, marker="o", color=colour, label=name)
            for place, value in there:
                axes.annotate(number(value), (place, value), xytext=(0, 5),
                              textcoords="offset points", ha="center", fontsize=7)  # fmt: skip
    if not axes.lines:
        return False
    axes.set_ylim(bottom=0 if axes.get_yscale() == "linear" else None)
    axes.margins(x=0.12, y=0.15)
    axes.legend(fontsize=8)
    return True
