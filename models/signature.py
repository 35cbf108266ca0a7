"""Reads an ONNX file's signature from its bytes, without onnx and without onnxruntime.

The API needs names, types and shapes at start-up and must stay light. Weights are skipped by
their length, never read. Field numbers are those of `onnx.proto`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.protobuf_wire import MalformedProtobuf, fields, integer, messages, text
from models.tensor_spec import Dimension, TensorSpec

KNOWN_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
DTYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
}
MAX_GRAPH_DEPTH = 32
EXTERNAL = 1


class UnreadableSignature(ValueError):
    """The file is not an ONNX model that may be served; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Inputs without initialisers, as onnxruntime's session would list them."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    opsets: dict[str, int]
    ir_version: int


def read_signature(data: bytes) -> Signature:
    """Raises UnreadableSignature for garbage, external data, foreign operators, non-tensors."""
    try:
        return _read_model(memoryview(data))
    except MalformedProtobuf as error:
        raise UnreadableSignature(f"not an ONNX file: {error}") from error


def _read_model(model: memoryview) -> Signature:
    graphs = list(messages(model, 7))
    if len(graphs) != 1:
        raise UnreadableSignature("not an ONNX file: it holds no graph")
    opsets = {text(entry, 1): integer(entry, 2) for entry in messages(model, 8)}
    _refuse_foreign(opsets)
    for function in messages(model, 25):
        _refuse_foreign([text(function, 10)])
        _check_nodes(function, 7, depth=0)
    _check_graph(graphs[0], depth=0)
    inputs, outputs = _graph_inputs(graphs[0]), tuple(_tensors(graphs[0], 12, "output"))
    if not inputs or not outputs:
        raise UnreadableSignature("the graph has no input or no output")
    return Signature(inputs, outputs, opsets, integer(model, 1))


def _graph_inputs(graph: memoryview) -> tuple[TensorSpec, ...]:
    # Before IR version 4 every initialiser was listed as an input too.
    weights = {text(tensor, 8) for tensor in messages(graph, 5)}
    return tuple(spec for spec in _tensors(graph, 11, "input") if spec.name not in weights)


def _tensors(graph: memoryview, number: int, role: str) -> Iterator[TensorSpec]:
    for entry in messages(graph, number):
        name = text(entry, 1)
        tensor = next((t for kind in messages(entry, 2) for t in messages(kind, 1)), None)
        if tensor is None:
            raise UnreadableSignature(f"{role} '{name}' is not a tensor")
        dtype = DTYPES.get(integer(tensor, 1))
        if dtype is None:
            raise UnreadableSignature(f"{role} '{name}' has an element type that is not supported")
        shape = next(messages(tensor, 2), None)
        if shape is None:
            raise UnreadableSignature(f"{role} '{name}' has no shape")
        yield TensorSpec(name, dtype, tuple(_dimension(size) for size in messages(shape, 1)))


def _dimension(data: memoryview) -> Dimension:
    size: Dimension = None
    for number, value in fields(data):
        if number == 1 and isinstance(value, int):
            size = value
        elif number == 2 and isinstance(value, memoryview):
            size = text(data, 2) or None
    # A few exporters write -1 or 0 for "any size".
    return None if isinstance(size, int) and not 0 < size < 1 << 63 else size


def _check_graph(graph: memoryview, depth: int) -> None:
    for tensor in messages(graph, 5):
        _refuse_external(tensor)
    for sparse in messages(graph, 15):
        _refuse_external_sparse(sparse)
    _check_nodes(graph, 1, depth)


def _check_nodes(parent: memoryview, number: int, depth: int) -> None:
    if depth > MAX_GRAPH_DEPTH:
        raise UnreadableSignature(f"graphs are nested deeper than {MAX_GRAPH_DEPTH}")
    for node in messages(parent, number):
        for part, value in fields(node):
            if not isinstance(value, memoryview):
                continue
            if part == 7:
                _refuse_foreign([bytes(value).decode(errors="replace")])
            elif part == 5:
                _check_attribute(value, depth)


def _check_attribute(attribute: memoryview, depth: int) -> None:
    for part, value in fields(attribute):
        if not isinstance(value, memoryview):
            continue
        if part in (5, 10):
            _refuse_external(value)
        elif part in (22, 23):
            _refuse_external_sparse(value)
        elif part in (6, 11):
            _check_graph(value, depth + 1)


def _refuse_external(tensor: memoryview) -> None:
    if integer(tensor, 14) == EXTERNAL or next(messages(tensor, 13), None) is not None:
        raise UnreadableSignature("weights outside the file (external data) are refused")


def _refuse_external_sparse(sparse: memoryview) -> None:
    for part in (1, 2):
        for tensor in messages(sparse, part):
            _refuse_external(tensor)


def _refuse_foreign(domains: Iterable[str]) -> None:
    for domain in domains:
        if domain not in KNOWN_DOMAINS:
            raise UnreadableSignature(f"operators of the domain '{domain}' are refused")
