"""`model.toml`: what a model's folder declares, checked strictly."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.functional_validators import AfterValidator

from models.tensor_spec import TensorSpec
from shared.errors import ModelRefused

NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
MANIFEST = "model.toml"


def is_name(text: str) -> bool:
    """Whether `text` may name a model, a version, an alias or a lane."""
    return NAME_PATTERN.fullmatch(text) is not None and ".." not in text


def _name(text: str) -> str:
    if not is_name(text):
        raise ValueError("should match ^[a-z0-9][a-z0-9._-]{0,63}$ without '..'")
    return text


def _file(text: str) -> str:
    if not all(is_name(part) for part in text.split("/")):
        raise ValueError("should be a plain path below the model's folder, such as 1/model.onnx")
    return text


def _hex(text: str) -> str:
    if re.fullmatch("[0-9a-f]{64}", text) is None:
        raise ValueError("should be 64 lower-case hex digits")
    return text


Name = Annotated[str, AfterValidator(_name)]
Positive = Annotated[int, Field(gt=0)]


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class TensorDeclaration(Strict):
    """`pixels = { dtype = "float32", shape = ["rows", 64] }`; a string is a free dimension."""

    dtype: str
    shape: list[Positive | str]


TensorDeclarations = dict[str, TensorDeclaration]


class VersionDeclaration(Strict):
    """`input` and `output` here win over the model's own."""

    version: Name
    file: Annotated[str, AfterValidator(_file)]
    sha256: Annotated[str, AfterValidator(_hex)]
    input: TensorDeclarations | None = None
    output: TensorDeclarations | None = None


class Limits(Strict):
    """Bounds on one job's input; rows and elements count for the generic tensor contract.

    `queue_max_jobs` bounds how many jobs wait or run; 0: as the settings say.
    """

    queue_max_jobs: Annotated[int, Field(ge=0)] = 0
    input_max_bytes: Positive = 1 << 20
    max_rows: Positive = 1024
    max_elements: Positive = 10_000


class Log(Strict):
    """What the prediction log keeps of inputs: a share of them, without the fields of `redact`."""

    sample_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    sample_max_bytes: Annotated[int, Field(gt=0, le=64 << 10)] = 16 << 10
    redact: list[Annotated[str, Field(pattern=r"^[^.]+(\.[^.]+)*$")]] = []


class Manifest(Strict):
    """One model. `max_batch_size` counts rows, `preprocess_batch` jobs."""

    name: Name
    description: str = ""
    lane: Name = "cpu"
    max_batch_size: Positive | None = None
    max_batch_delay_ms: Annotated[int, Field(ge=0, le=10_000)] = 0
    preprocess_batch: Positive = 32
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    cache: bool = True
    cache_ttl_seconds: Annotated[float, Field(ge=1, le=30 * 86_400)] = 3600.0
    cache_max_entries: Positive = 100_000
    allow_non_finite: bool = False
    processor_version: str = "1"
    default_version: Name | None = None
    aliases: dict[Name, Name] = {}
    versions: Annotated[list[VersionDeclaration], Field(min_length=1)]
    input: TensorDeclarations | None = None
    output: TensorDeclarations | None = None
    limits: Limits = Limits()
    log: Log = Log()

    @model_validator(mode="after")
    def names_point_to_versions(self) -> Self:
        names = [declared.version for declared in self.versions]
        if len(set(names)) != len(names):
            raise ValueError("two versions have the same name")
        targets = [*self.aliases.values(), self.default_version or names[-1]]
        unknown = sorted(set(targets) - set(names))
        if unknown:
            raise ValueError(f"an alias or default_version points to no version: {unknown[0]}")
        return self

    @property
    def served_version(self) -> str:
        """Which version answers to the bare name: declared, else the champion, else the last."""
        champion = self.aliases.get("champion", self.versions[-1].version)
        return self.default_version or champion


def read_manifest(folder: Path) -> Manifest:
    """Raises ModelRefused with one line that names the key."""
    try:
        parsed = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Manifest.model_validate(parsed)
    except ValidationError as error:
        raise ModelRefused(f"{MANIFEST}: {_first_line(error)}") from error
    except (OSError, ValueError) as error:
        raise ModelRefused(f"{MANIFEST} cannot be read: {error}") from error


def _first_line(error: ValidationError) -> str:
    first: Any = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def declared_tensors(declared: TensorDeclarations) -> dict[str, TensorSpec]:
    """The declarations as specs, by name."""
    return {
        name: TensorSpec(name, tensor.dtype, tuple(tensor.shape))
        for name, tensor in declared.items()
    }
