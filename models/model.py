"""A model as the registry serves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.contracts import Contract
from models.tensor_form import TensorForm
from models.versions import Version
from shared.domain.serving import Sampling


@dataclass(frozen=True)
class Model:
    """What `model.toml`, the folder's Python and its ONNX files say together.

    `max_batch_size` counts rows in one run; 1 where the file's row dimension is fixed. A job that
    brings more runs alone. A result is reused for `cache_seconds`, 0 where the model is no function
    of its input.
    `tensors` is the form in which clients see it that speak in tensors only.
    `processor_version` changes with the folder's Python: it is a part of every cache key.
    """

    name: str
    description: str
    folder: Path
    versions: Mapping[str, Version]
    aliases: Mapping[str, str]
    default_version: str
    lane: str
    max_batch_size: int
    max_batch_delay_ms: int
    preprocess_batch: int
    timeout_seconds: float
    input_max_bytes: int
    queue_max_jobs: int
    cache_seconds: float
    cache_entries: int
    allow_non_finite: bool
    processor_version: str
    contract: Contract
    tensors: TensorForm
    example: Any
    sampling: Sampling | None = None

    def validate_input(self, version: Version, value: object) -> None:
        """Raises InvalidInput or a subclass whose pointers start with `/input`."""
        self.contract.validate(version, value)

    def input_schema(self, version: Version) -> dict[str, Any]:
        """JSON Schema 2020-12."""
        return self.contract.input_schema(version)

    def output_schema(self, version: Version) -> dict[str, Any]:
        """JSON Schema 2020-12."""
        return self.contract.output_schema(version)
