"""A number, what its job shall do to the worker that runs it, and how long the output is."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

Deed = Literal["nothing", "raise", "sleep", "abort", "nan", "hoard"]


class Input(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"x": 1.0}]}
    )
    x: float
    preprocess: Deed = "nothing"
    predict: Deed = "nothing"
    seconds: float = 0.0
    padding: int = 0


class Output(BaseModel):
    y: float
    padding: str
