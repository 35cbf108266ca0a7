"""One immutable release of a model."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from models.tensor_spec import TensorSpec


@dataclass(frozen=True)
class Version:
    """`digest` is the SHA-256 of the ONNX file at `path`, in hex; `created_at` its time, UTC."""

    model: str
    version: str
    digest: str
    path: Path
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    created_at: datetime = field(default=datetime.fromtimestamp(0, UTC), compare=False)

    @property
    def reference(self) -> str:
        """The global name, `name:version`."""
        return f"{self.model}:{self.version}"

    @property
    def has_free_rows(self) -> bool:
        """Whether several jobs can be stacked into one run and split again."""
        return all(spec.has_free_rows for spec in (*self.inputs, *self.outputs))

    @property
    def takes_bare_row(self) -> bool:
        """Whether an input of one row may leave its row dimension out."""
        return all(
            spec.has_free_rows or spec.shape[:1] == (1,) for spec in (*self.inputs, *self.outputs)
        )
