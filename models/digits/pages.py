"""Handwritten digits as training rows and as pictures. For training and tests (extra `train`)."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from models.digits.processing import FULL_INK, SIDE
from models.ink import drawn_cells

HELD_OUT = 450
INK_SIDE = 64
MARGIN = 8
WHITE = 255


@dataclass(frozen=True)
class Digits:
    """Rows of 64 cells from 0 to 16; `numbers` are their places in scikit-learn's data set."""

    numbers: np.ndarray
    cells: np.ndarray
    labels: np.ndarray


def split() -> tuple[Digits, Digits]:
    """(for training, held out): the same on every machine."""
    data, labels = load_digits(return_X_y=True)
    parts = train_test_split(
        np.arange(len(labels)), test_size=HELD_OUT, stratify=labels, random_state=7
    )
    training, held_out = (Digits(part, data[part], labels[part]) for part in map(np.sort, parts))
    return training, held_out


def page(row: np.ndarray, degrees: float = 0, margin: int = MARGIN) -> Image.Image:
    """Dark ink on a white page with a margin, 80 x 80 pixels."""
    ink = np.asarray(row.reshape(SIDE, SIDE) * (WHITE / FULL_INK), np.uint8)
    large = Image.fromarray(WHITE - ink).resize((INK_SIDE, INK_SIDE), Image.Resampling.BICUBIC)
    paper = Image.new("L", (INK_SIDE + 2 * margin,) * 2, WHITE)
    paper.paste(large, (margin, margin))
    return paper.rotate(degrees, Image.Resampling.BILINEAR, fillcolor=WHITE) if degrees else paper


def seen(row: np.ndarray, degrees: float = 0) -> np.ndarray:
    """The 64 cells that the processor makes of the digit's page."""
    return drawn_cells(np.asarray(page(row, degrees)), SIDE, FULL_INK).ravel()


def training_rows(digits: Digits, turns: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows as they are, as the processor sees them, and `turns` times slightly turned."""
    random = np.random.default_rng(7)
    views = [digits.cells, np.array([seen(row) for row in digits.cells])]
    for _ in range(turns):
        angles = random.uniform(-12, 12, len(digits.cells))
        turned = zip(digits.cells, angles, strict=True)
        views.append(np.array([seen(row, angle) for row, angle in turned]))
    return np.vstack(views).astype(np.float32), np.tile(digits.labels, len(views))
