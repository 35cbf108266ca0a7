"""What an ONNX file says about one of its inputs or outputs."""

from dataclasses import dataclass

Dimension = int | str | None


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """`dtype` is numpy's name; a dimension is a size, a symbol or None (any size)."""

    name: str
    dtype: str
    shape: tuple[Dimension, ...]

    @property
    def has_free_rows(self) -> bool:
        """Whether the first dimension may have any size, so that jobs can share one run."""
        return bool(self.shape) and not isinstance(self.shape[0], int)

    def __str__(self) -> str:
        return f"{self.dtype}{shape_text(self.shape)}"


def shape_text(shape: tuple[Dimension, ...]) -> str:
    """For messages: `[rows, 64]`."""
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"
