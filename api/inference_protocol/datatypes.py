"""The protocol's element types, and their words for a tensor's shape."""

from models.tensor_spec import Dimension, TensorSpec

DTYPES = {
    "BOOL": "bool",
    "UINT8": "uint8",
    "UINT16": "uint16",
    "UINT32": "uint32",
    "UINT64": "uint64",
    "INT8": "int8",
    "INT16": "int16",
    "INT32": "int32",
    "INT64": "int64",
    "FP16": "float16",
    "FP32": "float32",
    "FP64": "float64",
}
BYTES = "BYTES"

INTEGERS = range(-(1 << 63), 1 << 64)
"""Of INT64 and UINT64 together."""

_DATATYPES = {dtype: datatype for datatype, dtype in DTYPES.items()}


def datatype_of(spec: TensorSpec) -> str:
    """Whatever is text to a model is BYTES."""
    return _DATATYPES.get(spec.dtype, BYTES)


def shape_of(spec: TensorSpec) -> list[int]:
    """A size that a request may choose is -1."""
    return [_size(dimension) for dimension in spec.shape]


def told(spec: TensorSpec) -> str:
    """For messages: `FP32 [-1, 13]`."""
    return f"{datatype_of(spec)} {shape_of(spec)}"


def _size(dimension: Dimension) -> int:
    return dimension if isinstance(dimension, int) else -1
