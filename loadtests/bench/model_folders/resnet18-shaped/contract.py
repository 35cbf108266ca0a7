"""A picture; the scores of a thousand classes that nobody trained, of which the best five count."""

from base64 import b64encode
from io import BytesIO
from typing import Any

from PIL import Image
from pydantic import BaseModel, ConfigDict

from models.image_field import ImageDataUri


def _grey_square() -> str:
    file = BytesIO()
    Image.new("RGB", (32, 32), (127, 127, 127)).save(file, "PNG")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"


EXAMPLE: dict[str, Any] = {"image": _grey_square()}


class Input(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    image: ImageDataUri


class Output(BaseModel):
    """The best five classes, best first."""

    labels: list[int]
    scores: list[float]
