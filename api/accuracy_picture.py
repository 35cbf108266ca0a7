"""Accuracy over time as a picture: SVG by hand, a line for each version."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 40, 40
COLOURS = ("#1f6feb", "#d9480f", "#2b8a3e", "#9c36b5", "#5c6770", "#b08800")
"""Each at least 4.5 to 1 against white."""

Point = tuple[float, float]


def accuracy_picture(view: dict[str, Any]) -> str:
    """Of what `accuracy_view` tells: the share of right labels, or the mean absolute error."""
    measure = "accuracy" if any(one["labels"] for one in view["totals"]) else "mean_absolute_error"
    told = [one for one in view["over_time"] if one[measure] is not None]
    most = 1.0 if measure == "accuracy" else max((one[measure] for one in told), default=0.0) or 1.0
    moments = sorted({one["at"] for one in told})
    title = f"{view['model']}: {measure.replace('_', ' ')} by {view['by']}"
    parts = [_text(LEFT, 18, title, "font-weight='600'"), *_axes(moments, most)]
    for place, version in enumerate(dict.fromkeys(one["version"] for one in told)):
        line = [(one["at"], one[measure]) for one in told if one["version"] == version]
        points = [_point(at, value / most, moments) for at, value in line]
        parts += _drawn(points, version, place)
    if not told:
        parts.append(_text(WIDTH / 2, HEIGHT / 2, "no feedback", "text-anchor='middle'"))
    return _svg(title, parts)


def _svg(title: str, parts: Sequence[str]) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' "
        f"aria-label='{escape(title)}' font-family='sans-serif' font-size='12'>"
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='#fff'/>{''.join(parts)}</svg>"
    )


def _axes(moments: Sequence[str], most: float) -> list[str]:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share)
        parts.append(
            f"<path d='M{LEFT} {y:.1f}H{WIDTH - RIGHT}' stroke='#d0d7de' fill='none'/>"
            + _text(LEFT - 6, y + 4, f"{share * most:.3g}", "text-anchor='end'")
        )
    if moments:
        ends = (moments[0], LEFT, "start"), (moments[-1], WIDTH - RIGHT, "end")
        for at, x, anchor in ends[: len(moments)]:
            said = at[:16].replace("T", " ")
            parts.append(_text(x, HEIGHT - 14, said, f"text-anchor='{anchor}'"))
    return parts


def _drawn(points: Sequence[Point], version: str, place: int) -> list[str]:
    colour = COLOURS[place % len(COLOURS)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dots = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.5'/>" for x, y in points)
    return [
        f"<path d='M{path}' stroke='{colour}' stroke-width='2' fill='none'/>",
        f"<g fill='{colour}'>{dots}{_text(LEFT + 120 * place, 34, version)}</g>",
    ]


def _point(at: str, share: float, moments: Sequence[str]) -> Point:
    begin, end, here = (datetime.fromisoformat(one) for one in (moments[0], moments[-1], at))
    whole = (end - begin).total_seconds()
    along = (here - begin).total_seconds() / whole if whole else 0.0
    return LEFT + along * (WIDTH - LEFT - RIGHT), _y(share)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' {more}>{escape(text)}</text>"
