"""What the digit model takes and gives: a picture of one handwritten digit, the digit it shows."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from models.column_form import Tensor, Tensors
from models.image_field import ImageDataUri, data_uri

EXAMPLE: dict[str, Any] = {
    "image": data_uri(Path(__file__).parent / "samples" / "0000-label-0.png")
}

Probability = Annotated[float, Field(ge=0)]


class Input(BaseModel):
    """One picture with one digit on it; dark on light and light on dark both work."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    image: ImageDataUri


class Output(BaseModel):
    """The most probable digit and all ten probabilities."""

    label: Annotated[int, Field(ge=0, le=9, description="The most probable digit.")]
    probabilities: Annotated[
        dict[str, Probability], Field(description="By digit, `0` to `9`; they sum to 1.")
    ]


TENSORS = Tensors(
    inputs=[Tensor("image", "file", ["image"])],
    outputs=[
        Tensor("label", "int64", ["label"]),
        Tensor("probabilities", "float32", [f"probabilities.{digit}" for digit in range(10)]),
    ],
)
