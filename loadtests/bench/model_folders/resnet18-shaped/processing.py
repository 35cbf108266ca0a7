"""From a picture to normalised channels, as image classifiers are fed."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from models.image_field import image_bytes
from models.versions import Version

SIDE = 224
BEST = 5
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def preprocess(input: dict[str, str], _version: Version) -> dict[str, np.ndarray]:
    """`image`, float32 [1, 3, 224, 224]."""
    picture = Image.open(BytesIO(image_bytes(input["image"]))).convert("RGB")
    pixels = np.asarray(picture.resize((SIDE, SIDE)), np.float32) / 255
    channels = ((pixels - MEAN) / DEVIATION).transpose(2, 0, 1)
    return {"image": np.ascontiguousarray(channels)[np.newaxis]}


def postprocess(outputs: dict[str, np.ndarray], _version: Version) -> dict[str, Any]:
    scores = outputs["scores"][0]
    best = np.argsort(-scores)[:BEST]
    return {"labels": best.tolist(), "scores": scores[best].tolist()}
