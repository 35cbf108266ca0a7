"""The tokens of a sentence; its embedding."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

LENGTH = 96
VOCABULARY = 2000

EXAMPLE: dict[str, Any] = {"tokens": list(range(LENGTH))}

Token = Annotated[int, Field(ge=0, lt=VOCABULARY)]


class Input(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    tokens: Annotated[list[Token], Field(min_length=LENGTH, max_length=LENGTH)]


class Output(BaseModel):
    """384 numbers of length 1 together."""

    embedding: list[float]
