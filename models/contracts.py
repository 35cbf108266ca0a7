"""A contract says which inputs a model takes: it checks one and describes all of them.

Two kinds: a model folder's own `contract.py` (pydantic models `Input` and `Output`), and the
generic tensor contract read from the ONNX signature (`models/tensor_contract.py`).
"""

from typing import Any, Protocol

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from models.versions import Version
from shared.errors import (
    FieldError,
    ImageTooLarge,
    InvalidImage,
    InvalidInput,
    UnknownField,
    UnsupportedImage,
)

MAX_ERRORS = 20
POINTER_MAX_CHARS = 128

# A pydantic error of one of these types decides the problem type of the whole answer.
IMAGE_ERRORS: dict[str, type[InvalidInput]] = {
    error.type.replace("-", "_"): error for error in (UnsupportedImage, ImageTooLarge, InvalidImage)
}


class Contract(Protocol):
    """Never imports numpy: the API validates through it."""

    def validate(self, version: Version, value: object, /) -> None:
        """Raises InvalidInput or a subclass; pointers start with `/input`, no value is echoed."""

    def input_schema(self, version: Version, /) -> dict[str, Any]:
        """JSON Schema 2020-12 of an input."""

    def output_schema(self, version: Version, /) -> dict[str, Any]:
        """JSON Schema 2020-12 of an output."""

    def example(self, version: Version, /) -> Any:
        """A valid input."""


class DeclaredContract:
    """The contract of a folder's `contract.py`; the same for all versions of the model."""

    def __init__(self, input_type: type[BaseModel], output_type: type[BaseModel]) -> None:
        self._input_type = input_type
        self._input_schema = input_type.model_json_schema(mode="validation")
        self._output_schema = output_type.model_json_schema(mode="serialization")
        self._validator = input_type.__pydantic_validator__

    def validate(self, _version: Version, value: object) -> None:
        try:
            self._validator.validate_python(value, strict=True)
        except ValidationError as error:
            raise refused_input(error) from None

    def input_schema(self, _version: Version) -> dict[str, Any]:
        return self._input_schema

    def output_schema(self, _version: Version) -> dict[str, Any]:
        return self._output_schema

    def example(self, _version: Version) -> Any:
        extra: Any = self._input_type.model_config.get("json_schema_extra")
        return extra["examples"][0]


def refused_input(error: ValidationError) -> InvalidInput:
    """Pydantic's errors as one of ours, without the values that caused them."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    found = [FieldError(pointer(*each["loc"]), _message(each)) for each in details[:MAX_ERRORS]]
    kinds = [each["type"] for each in details]
    problem = next((IMAGE_ERRORS[kind] for kind in IMAGE_ERRORS if kind in kinds), InvalidInput)
    if all(kind == "extra_forbidden" for kind in kinds):
        problem = UnknownField
    return problem(f"{found[0].pointer}: {found[0].detail}", errors=found)


# Pydantic's own words where they repeat a part of the input or speak of Python.
MESSAGES = {
    "union_tag_invalid": "Input tag matches none of the expected ones",
    "model_type": "Input should be an object",
    "extra_forbidden": "Field is not known",
    "missing": "Field is required",
}


def _message(error: ErrorDetails) -> str:
    return MESSAGES.get(error["type"], error["msg"])


def pointer(*parts: str | int) -> str:
    """JSON pointer into the request body, cut where a field's name is absurdly long."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "/".join(["/input", *escaped])[:POINTER_MAX_CHARS]
