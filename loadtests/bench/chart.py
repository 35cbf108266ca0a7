"""The picture of a run: one panel per question that was measured."""

from pathlib import Path

from loadtests.bench.measurements import Measurements


def draw(measured: Measurements, file: Path) -> None:
    pass
