"""The picture of a run: what was accepted and finished, how long submits took, what struck when."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loadtests.bench.chart import STYLE
from loadtests.chaos.load import Sent
from loadtests.chaos.nemesis import Struck
from loadtests.chaos.victims.victim import Row

BAR: Any = {"height": 0.7}


def draw(
    file: Path, title: str, sent: Sequence[Sent], rows: Sequence[Row], struck: Sequence[Struck]
) -> None:
    """Writes a PNG; seconds count from the first submit."""
    start = min((post.at for one in sent for post in one.posts), default=0.0)
    names = sorted({one.name for one in struck}, reverse=True)
    with mpl.rc_context(STYLE):
        size = (12, 6 + 0.22 * len(names))
        figure = Figure(figsize=size, layout="constrained")
        flow, latency, faults = figure.subplots(
            3, 1, sharex=True, height_ratios=[2, 2, 0.5 + 0.22 * len(names)]
        )
        _flow(flow, sent, rows, start)
        _latency(latency, sent, start)
        _faults(faults, names, struck, start)
        figure.suptitle(title)
        figure.savefig(file, dpi=120, metadata={"Software": None})


def _flow(axes: Axes, sent: Sequence[Sent], rows: Sequence[Row], start: float) -> None:
    accepted = Counter(int(one.acknowledged_at - start) for one in sent if one.job_id)
    ended = Counter(
        int(row.completed_at.timestamp() - start) for row in rows if row.completed_at is not None
    )
    last = max([*accepted, *ended], default=0)
    seconds = range(last + 1)
    axes.plot(seconds, [accepted[at] for at in seconds], label="accepted", linewidth=0.9)
    axes.plot(seconds, [ended[at] for at in seconds], label="ended", linewidth=0.9)
    axes.set_title("Jobs a second")
    axes.legend(loc="upper right", ncols=2)


def _latency(axes: Axes, sent: Sequence[Sent], start: float) -> None:
    posts = [post for one in sent for post in one.posts]
    for name, chosen in {
        "answered": [post for post in posts if 0 < post.status < 500],
        "503, 507": [post for post in posts if post.status >= 500],
        "no answer": [post for post in posts if not post.status],
    }.items():
        x, y = [post.at - start for post in chosen], [post.seconds * 1000 for post in chosen]
        axes.scatter(x, y, s=3, label=name)
    axes.set_yscale("log")
    axes.set_title("Submits, ms")
    axes.legend(loc="upper right", ncols=3)


def _faults(axes: Axes, names: list[str], struck: Sequence[Struck], start: float) -> None:
    """Each fault while it lasted, and then until it was recovered from."""
    for one in struck:
        place, end = names.index(one.name), one.recovered or one.ended
        axes.barh(place, one.ended - one.begun + 0.1, left=one.begun - start, color="C3", **BAR)
        axes.barh(place, end - one.ended, left=one.ended - start, color="C1", alpha=0.5, **BAR)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_title("Faults (red), and until all jobs accepted by then had ended (orange)")
    axes.set_xlabel("seconds")
