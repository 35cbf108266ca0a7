"""The inputs that jobs carry: for each model as many as asked for, no two alike, always the same.

A cache of equal inputs would otherwise flatter us. Each is real data, slightly changed.
"""

import json
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
import orjson
from PIL import Image, ImageChops

from loadtests.bench.graphs import transformer
from shared.settings import BUNDLED_MODELS_DIR

ENVELOPE_BYTES = 64
"""What a request's body holds beside the blob."""

MAX_SHIFT = 7


def wine(number: int) -> bytes:
    """A held-out wine with every measurement up to 1 % off."""
    samples = _wines()
    random = np.random.default_rng(number)
    known = samples[number % len(samples)]["input"]
    factors = 1 + (random.random(len(known)) - 0.5) / 50
    return orjson.dumps(
        {
            name: value * by
            for (name, value), by in zip(known.items(), factors.tolist(), strict=True)
        }
    )


def digits(number: int) -> bytes:
    """A held-out digit as PNG, moved on its page; there are 11,250 of them."""
    pages, places = _digit_pages(), 2 * MAX_SHIFT + 1
    place, page = divmod(number, len(pages))
    x, y = place % places - MAX_SHIFT, place // places % places - MAX_SHIFT
    return _image(ImageChops.offset(pages[page], x, y), "PNG")


def resnet18_shaped(number: int) -> bytes:
    """A JPEG of soft colours, about 6 kB."""
    colours = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
    return _image(Image.fromarray(colours).resize((256, 256), Image.Resampling.BICUBIC), "JPEG")


def transformer_shaped(number: int) -> bytes:
    random = np.random.default_rng(number)
    return orjson.dumps(
        {"tokens": random.integers(0, transformer.VOCABULARY, transformer.LENGTH).tolist()}
    )


def payload(size: int) -> Callable[[int], bytes]:
    """Texts that make request bodies of `size` bytes at most."""
    return lambda number: orjson.dumps({"blob": f"{number:<16}".ljust(size - ENVELOPE_BYTES, "x")})


def _image(image: Image.Image, kind: str) -> bytes:
    file = BytesIO()
    image.save(file, kind)
    return b'{"image":"data:image/%b;base64,%b"}' % (
        kind.lower().encode(),
        b64encode(file.getvalue()),
    )


@cache
def _wines() -> list[dict[str, Any]]:
    file = BUNDLED_MODELS_DIR / "wine" / "samples" / "samples.json"
    samples: list[dict[str, Any]] = json.loads(file.read_text())
    return samples


@cache
def _digit_pages() -> list[Image.Image]:
    files = sorted((BUNDLED_MODELS_DIR / "digits" / "samples").glob("*.png"))
    return [Image.open(file).convert("L") for file in files]
