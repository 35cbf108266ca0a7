"""Where the time of a job went: the parts that its metrics tell, laid side by side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_PARTS = (
    ("queue", "Waiting", "queue_time"),
    ("preprocess", "Preprocess", "preprocess_time"),
    ("predict", "Predict", "predict_time"),
)
LEAST_PERCENT = 0.5
"""Narrower than that nobody sees it."""


@dataclass(frozen=True, slots=True)
class Part:
    """`start` and `width` are percent of the whole."""

    kind: str
    label: str
    seconds: float
    start: float
    width: float


def timeline(prediction: Mapping[str, Any]) -> list[Part]:
    """Empty while it has not ended, and of what never ran."""
    metrics = prediction["metrics"]
    total = metrics.get("total_time")
    known = [(kind, label, metrics[key]) for kind, label, key in _PARTS if key in metrics]
    if not total or not known:
        return []
    rest = max(0.0, total - sum(seconds for _, _, seconds in known))
    return list(_laid([*known, ("rest", "Between stages, and recorded", rest)], total))


def _laid(parts: list[tuple[str, str, float]], total: float) -> Iterator[Part]:
    whole = max(total, sum(seconds for _, _, seconds in parts))
    start = 0.0
    for kind, label, seconds in parts:
        width = 100 * seconds / whole
        yield Part(kind, label, seconds, round(start, 3), round(max(width, LEAST_PERCENT), 3))
        start += width
