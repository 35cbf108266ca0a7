"""How what was taken is divided into batches."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np

from shared.backlog.backlogs import Taken
from workers.tensors import Tensors


def batches(taken: Iterable[Taken], max_rows: int, max_bytes: int) -> list[list[Taken]]:
    """What runs together: in order, up to the bounds; then each suspect alone.

    A batch exceeds a bound only where its one job does.
    """
    packed: list[list[Taken]] = []
    for group in together_or_alone(taken):
        rows = weight = 0
        for number, one in enumerate(group):
            rows, weight = rows + one.entry.rows, weight + one.entry.weight
            if number == 0 or rows > max_rows or weight > max_bytes:
                packed.append([])
                rows, weight = one.entry.rows, one.entry.weight
            packed[-1].append(one)
    return packed


def together_or_alone(taken: Iterable[Taken]) -> list[list[Taken]]:
    """All that are above suspicion in one batch, first; then each suspect alone."""
    together: list[Taken] = []
    alone: list[list[Taken]] = []
    for one in taken:
        if one.entry.suspect:
            alone.append([one])
        else:
            together.append(one)
    return [together, *alone] if together else alone


def bucket(tensors: Tensors) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    """Jobs of the same bucket can be stacked: same tensors, types and shapes behind the rows."""
    return tuple((name, array.dtype.str, array.shape[1:]) for name, array in tensors.items())


def stack(rows: Sequence[Tensors]) -> Tensors:
    """One set of tensors with the rows of all, in order."""
    if len(rows) == 1:
        return rows[0]
    return {name: np.concatenate([each[name] for each in rows]) for name in rows[0]}


def split(outputs: Tensors, counts: Sequence[int]) -> list[Tensors]:
    """Each job's own rows of the outputs; `counts` are the rows that each put in.

    A job alone gets all there is: its model may know no rows. Raises ValueError where several ran
    together and the model did not answer one row for each row.
    """
    if len(counts) == 1:
        return [outputs]
    total = sum(counts)
    for name, array in outputs.items():
        if array.ndim == 0 or array.shape[0] != total:
            raise ValueError(f"output {name} has shape {array.shape}, expected {total} rows")
    ends = accumulate(counts)
    pieces = [slice(end - count, end) for count, end in zip(counts, ends, strict=True)]
    return [{name: array[piece] for name, array in outputs.items()} for piece in pieces]
