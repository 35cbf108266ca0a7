"""A text of any length that a request can carry."""

from typing import Any

from pydantic import BaseModel, ConfigDict

EXAMPLE: dict[str, Any] = {"blob": "a text"}


class Input(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    blob: str


class Output(BaseModel):
    """`checksum` proves that the text arrived whole."""

    length: int
    checksum: int
