"""The three forms that panels have: bars, a stack of bars, lines.

The colours are those of Okabe and Ito, which the colour-blind tell apart; every bar and point also
carries its number, every line its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator

from loadtests.bench.report import number

BLUE, ORANGE, RED, GREEN = "#0072B2", "#E69F00", "#D55E00", "#009E73"
PINK, SKY, YELLOW, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#999999"

LEAST_LABELLED_SHARE = 0.07
"""Of the longest stack: less has no room for a label."""


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    colour: str


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    points: Sequence[tuple[float, float]]
    colour: str


def bars(axes: Axes, shown: Sequence[Bar]) -> None:
    """One under the other, so that names have room."""
    places = range(len(shown))
    colours = [bar.colour for bar in shown]
    drawn = axes.barh(places, [bar.value for bar in shown], color=colours, height=0.7)
    axes.bar_label(drawn, [number(bar.value) for bar in shown], padding=3)
    axes.set_yticks(places, [bar.label for bar in shown])
    axes.invert_yaxis()
    axes.margins(x=0.14)


def stacks(axes: Axes, shown: Mapping[str, Sequence[Bar]]) -> None:
    """A row of parts per name, its sum at the end."""
    longest = max(sum(part.value for part in parts) for parts in shown.values())
    for place, parts in enumerate(shown.values()):
        begun = 0.0
        for part in parts:
            seen = part.label in axes.get_legend_handles_labels()[1]
            axes.barh(place, part.value, left=begun, color=part.colour, height=0.6,
                      label=None if seen else part.label)  # fmt: skip
            if part.value > LEAST_LABELLED_SHARE * longest:
                middle = begun + part.value / 2
                axes.text(middle, place, number(part.value), ha="center", va="center")
            begun += part.value
        axes.text(begun, place, f" {number(begun)}", va="center", weight="bold")
    axes.set_yticks(range(len(shown)), list(shown))
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.legend(loc="upper right", fontsize=8)


def lines(axes: Axes, shown: Sequence[Line], ticks: Mapping[int, str]) -> None:
    """From zero upwards unless the y axis is logarithmic; `ticks` name the places on the x axis."""
    for line in shown:
        places, values = zip(*line.points, strict=True)
        axes.plot(places, values, marker="o", color=line.colour, label=line.label)
        for place, value in line.points:
            axes.annotate(number(value), (place, value), xytext=(0, 6),
                          textcoords="offset points", ha="center", fontsize=8)  # fmt: skip
    axes.margins(x=0.12, y=0.2)
    if axes.get_yscale() == "linear":
        axes.set_ylim(bottom=0)
    else:
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xscale("log")
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.legend()
