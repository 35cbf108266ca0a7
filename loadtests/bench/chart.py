"""The picture of a run: one panel per question that was measured."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loadtests.bench import panels
from loadtests.bench.measurements import Measurements

Panel = Callable[[Axes, Measurements], bool]

COLUMNS = 2
PANEL_INCHES = (5.8, 3.3)
STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "font.size": 9,
    "legend.frameon": False,
    "svg.hashsalt": "queuecast",
}


def draw(measured: Measurements, file: Path) -> bool:
    """Writes a PNG; False, and no file, when nothing that was measured has a panel."""
    with mpl.rc_context(STYLE):
        drawn = [panel for panel in panels.ALL if panel(Figure().subplots(), measured)]
        if not drawn:
            return False
        rows = -(-len(drawn) // COLUMNS)
        columns = min(COLUMNS, len(drawn))
        size = (PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows)
        figure = Figure(figsize=size, layout="constrained")
        places = figure.subplots(rows, columns, squeeze=False).ravel()
        for place, panel in zip(places, drawn, strict=False):
            panel(place, measured)
        for place in places[len(drawn) :]:
            place.set_visible(False)
        figure.savefig(file, dpi=150, metadata={"Software": None})
    return True
