"""What the users ask: wines that nobody asked before, wines that many ask, and pictures."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parents[2] / "models"
DISTINCT = 1000
"""Of so many wines the repeating users choose."""


@cache
def _wines() -> list[dict[str, float]]:
    samples = json.loads((MODELS / "wine" / "samples" / "samples.json").read_text())
    return [one["input"] for one in samples]


@cache
def pictures() -> list[tuple[str, bytes]]:
    """Name and content of the digits' samples."""
    files = sorted((MODELS / "digits" / "samples").glob("*.png"))
    return [(one.name, one.read_bytes()) for one in files]


def new_wine() -> dict[str, Any]:
    """Almost certainly another one each time, so that it runs."""
    return random.choice(_wines()) | {"proline": round(random.uniform(200, 1800), 6)}


def asked_wine() -> dict[str, Any]:
    """By Zipf's law: the n-th wine is asked for a n-th as often as the first."""
    [place] = random.choices(range(DISTINCT), cum_weights=_zipf())
    return _wines()[place % len(_wines())] | {"proline": 200.0 + place}


@cache
def _zipf() -> list[float]:
    found, total = [], 0.0
    for place in range(1, DISTINCT + 1):
        total += 1 / place
        found.append(total)
    return found
