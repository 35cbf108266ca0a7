"""Finds what is drawn on a page and brings it onto a small square grid. For processors."""

from functools import lru_cache

import numpy as np

from shared.domain.failures import Failure
from shared.errors import JobFailed

# Below this contrast, of 255, there is only noise on the paper.
LEAST_CONTRAST = 16
# Fainter than this share of the darkest ink is a smudge, not a stroke.
STROKE = 0.25


def drawn_cells(grey: np.ndarray, side: int, full_ink: float) -> np.ndarray:
    """float32 [side, side], 0 paper to `full_ink`, out of grey uint8 [height, width].

    The page is cut to its ink, which is centred in a square and averaged into the cells. Dark on
    light and light on dark come out alike. Raises JobFailed(invalid_image) for a blank page.
    """
    ink = _ink(grey)
    darkest = int(ink.max())
    if darkest < LEAST_CONTRAST:
        raise JobFailed(Failure.INVALID_IMAGE, "the image is blank: nothing stands out")
    # Byte against byte: four times as quick as against a float.
    stroke = ink > int(STROKE * darkest)
    rows, columns = (np.logical_or.reduce(stroke, axis).nonzero()[0] for axis in (1, 0))
    drawn = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    longest = max(drawn.shape)
    down, across = (_centred_weights(side, longest, length) for length in drawn.shape)
    grid: np.ndarray = down @ drawn @ across.T
    return grid * np.float32(full_ink / grid.max())


def _ink(grey: np.ndarray) -> np.ndarray:
    """How far each pixel is from the paper, which is what the border mostly shows."""
    border = np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))
    border.sort()
    paper = border[border.size // 2]
    is_light_ink = int(grey.sum()) > int(paper) * grey.size
    ink: np.ndarray = (
        np.maximum(grey, paper) - paper if is_light_ink else paper - np.minimum(grey, paper)
    )
    return ink


@lru_cache(maxsize=1024)
def _centred_weights(side: int, longest: int, length: int) -> np.ndarray:
    """[side, length]: the share of each pixel in each cell of a square `longest` pixels wide.

    The pixels lie in the middle of the square. Two products with these average whole boxes and
    cost a third of an image resize.
    """
    pixels = (longest - length) // 2 + np.arange(length)
    starts = np.arange(side)[:, np.newaxis] * (longest / side)
    overlap = np.minimum(starts + longest / side, pixels + 1) - np.maximum(starts, pixels)
    weights: np.ndarray = np.maximum(overlap, 0).astype(np.float32) * np.float32(side / longest)
    return weights
