"""Draws shapes in random colours, sizes and turns. For training and tests."""

import numpy as np
from PIL import Image, ImageDraw

SIDE = 64
# Drawn large and shrunk: Pillow's polygons have hard edges.
FINE = 4
LEAST_CONTRAST = 70
STAR_WAIST = 0.45

Corner = tuple[float, float]


def picture(label: str, random: np.random.Generator) -> Image.Image:
    """64 x 64 RGB: one shape, filled or outlined, on a plain ground, with a little noise."""
    ground, colour = _colours(random)
    canvas = Image.new("RGB", (SIDE * FINE, SIDE * FINE), ground)
    corners = _corners(label, random)
    pen = ImageDraw.Draw(canvas)
    if random.random() < 0.7:
        pen.polygon(corners, fill=colour)
    else:
        width = int(random.integers(3, 6)) * FINE
        pen.line([*corners, *corners[:2]], fill=colour, width=width, joint="curve")
    small = np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    noisy = small + random.normal(0, random.uniform(0, 4), small.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _colours(random: np.random.Generator) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ground and shape, told apart by their grey."""
    while True:
        ground, colour = random.integers(0, 256, (2, 3))
        greys = np.array([ground, colour]) @ (0.299, 0.587, 0.114)
        if abs(greys[0] - greys[1]) > LEAST_CONTRAST:
            return tuple(ground.tolist()), tuple(colour.tolist())


def _corners(label: str, random: np.random.Generator) -> list[Corner]:
    """A polygon inside the canvas; a circle has 60 corners."""
    radius = random.uniform(14, 25)
    middle = random.uniform(radius + 5, SIDE - radius - 5, 2)
    turn = random.uniform(0, 2 * np.pi)
    stretch = random.uniform(0.9, 1.1)
    count = {"circle": 60, "square": 4, "triangle": 3, "star": 10}[label]
    angles = np.arange(count) * 2 * np.pi / count
    reach = np.where(np.arange(count) % 2, STAR_WAIST, 1.0) if label == "star" else np.ones(count)
    flat = np.stack([np.cos(angles) * reach * stretch, np.sin(angles) * reach])
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ flat
    points = (middle[:, np.newaxis] + radius * turned) * FINE
    return [(x, y) for x, y in points.T.tolist()]
