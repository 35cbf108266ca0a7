"""A number, and what its job costs."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

EXAMPLE: dict[str, Any] = {"x": -1.0}


class Input(BaseModel):
    """`x` tells jobs apart; `seconds` is how long the job takes, `padding` how long its output is,
    `blob` makes the input large.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    x: float
    seconds: float = 0.0
    padding: int = 0
    blob: str = ""


class Output(BaseModel):
    y: float
    padding: str
