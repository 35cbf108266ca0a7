"""Which answers a model gave over time, as columns of a picture."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COLUMNS_MAX = 60
COLOURS = 9
"""The most frequent labels have a colour each; all others share the last."""

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Block:
    """A label's share of a column; `y` and `height` are percent of the tallest one."""

    label: str
    colour: int
    count: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    at: str
    count: int
    x: float
    width: float
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """`labels` with their colour and count, the most frequent first."""

    columns: tuple[Column, ...]
    labels: tuple[tuple[str, int, int], ...]


def picture(view: Mapping[str, Any]) -> Picture:
    """Of a distribution as the API tells it; empty where no output had a label."""
    rows = [row for row in view["over_time"] if row["label"] is not None]
    totals: Counter[str] = Counter()
    for row in rows:
        totals[row["label"]] += row["count"]
    colours = {label: rank for rank, (label, _) in enumerate(totals.most_common(COLOURS))}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        label = row["label"] if row["label"] in colours else OTHERS
        counts[row["at"]][label] += row["count"]
    shown = sorted(counts)[-COLUMNS_MAX:]
    labels = [(label, colour, totals[label]) for label, colour in colours.items()]
    if rest := sum(count for label, count in totals.items() if label not in colours):
        labels.append((OTHERS, COLOURS, rest))
    return Picture(_columns(shown, counts, colours), tuple(labels))


def _columns(
    shown: Sequence[str], counts: Mapping[str, Counter[str]], colours: Mapping[str, int]
) -> tuple[Column, ...]:
    tallest = max((counts[at].total() for at in shown), default=0)
    step = 100 / max(12, len(shown))
    return tuple(
        Column(
            at,
            counts[at].total(),
            round(place * step + step * 0.08, 3),
            round(step * 0.84, 3),
            tuple(_blocks(counts[at], colours, tallest)),
        )
        for place, at in enumerate(shown)
    )


def _blocks(counted: Counter[str], colours: Mapping[str, int], tallest: int) -> list[Block]:
    """Stacked from below, the most frequent label of all lowest."""
    blocks, below = [], 0.0
    for label in sorted(counted, key=lambda one: colours.get(one, COLOURS)):
        height = 100 * counted[label] / tallest
        below += height
        colour = colours.get(label, COLOURS)
        blocks.append(Block(label, colour, counted[label], round(100 - below, 3), round(height, 3)))
    return blocks
