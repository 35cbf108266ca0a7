"""What the shape model takes and gives: a picture of one shape, which of four it is."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.column_form import Tensor, Tensors
from models.image_field import ImageDataUri, data_uri

EXAMPLE: dict[str, Any] = {
    "image": data_uri(Path(__file__).parent / "samples" / "0003-label-star.png")
}

Probability = Annotated[float, Field(ge=0)]


class Input(BaseModel):
    """One picture with one filled or outlined shape on a plain ground of any colour."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    image: ImageDataUri


class Probabilities(BaseModel):
    """They sum to 1."""

    circle: Probability
    square: Probability
    triangle: Probability
    star: Probability


class Output(BaseModel):
    """The most probable shape and all four probabilities."""

    label: Literal["circle", "square", "triangle", "star"]
    probabilities: Probabilities


TENSORS = Tensors(
    inputs=[Tensor("image", "file", ["image"])],
    outputs=[
        Tensor("label", "string", ["label"]),
        Tensor(
            "probabilities",
            "float32",
            [f"probabilities.{name}" for name in Probabilities.model_fields],
        ),
    ],
)
