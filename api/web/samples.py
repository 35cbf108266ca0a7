"""The samples that a model's folder brings along, in `samples/samples.json`."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from models.image_field import data_uri

SHOWN = 12
FILE_MAX_BYTES = 16 << 10
"""They stand in the page itself."""


@dataclass(frozen=True, slots=True)
class SampleInput:
    """`input` is what would be sent; `truth` what it shows."""

    input: dict[str, Any]
    truth: str


@cache
def samples_of(folder: Path) -> tuple[SampleInput, ...]:
    """The first ones that are small enough, of each truth in turn; none where there are none."""
    file = folder / "samples" / "samples.json"
    try:
        entries = json.loads(file.read_text())
        found = [one for entry in entries if (one := _sample(file.parent, entry)) is not None]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
    return tuple(_mixed(found)[:SHOWN])


def _sample(folder: Path, entry: dict[str, Any]) -> SampleInput | None:
    if "file" not in entry:
        return SampleInput(dict(entry["input"]), str(entry["truth"]))
    path = folder / entry["file"]
    if path.parent != folder or path.stat().st_size > FILE_MAX_BYTES:
        return None
    return SampleInput({entry["field"]: data_uri(path)}, str(entry["truth"]))


def _mixed(samples: list[SampleInput]) -> list[SampleInput]:
    """Sorted by how many of the same truth stand before each."""
    seen: dict[str, int] = {}
    ranks = []
    for position, one in enumerate(samples):
        rank = seen[one.truth] = seen.get(one.truth, -1) + 1
        ranks.append((rank, one.truth, position))
    return [samples[position] for _, _, position in sorted(ranks)]
