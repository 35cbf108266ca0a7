"""Builds the test models' folders, ONNX files included."""

import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SOURCES = Path(__file__).parent / "models"

TURNS_A_SECOND = 2_500_000
"""Of the loop's body, about: `busy` runs for as many seconds as its largest row says."""

MANIFEST = """
name = "{name}"
description = "For tests."
max_batch_size = 32
preprocess_batch = 32
timeout_seconds = 20.0
{more}
[[versions]]
version = "1"
file = "1/model.onnx"
sha256 = "{digest}"
"""


def build_models(target: Path) -> Path:
    """The folders `fragile`, `affine`, `busy`, `kinds`; and `tampered`, which must be refused."""
    _add(target, "fragile", _affine(2.0, 0.0))
    _add(target, "affine", _affine(3.0, 1.0))
    _add(target, "tampered", _affine(3.0, 1.0), digest=sha256(b"another file").hexdigest())
    _add(target, "busy", _busy(), more="max_batch_delay_ms = 100")
    _add(target, "kinds", _kinds())
    return target


def _add(target: Path, name: str, data: bytes, *, digest: str = "", more: str = "") -> None:
    folder = target / name
    if (SOURCES / name).is_dir():
        shutil.copytree(SOURCES / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.onnx").write_bytes(data)
    digest = digest or sha256(data).hexdigest()
    (folder / "model.toml").write_text(MANIFEST.format(name=name, digest=digest, more=more))


def _affine(factor: float, offset: float) -> bytes:
    """y = factor * x + offset, rows of one number."""
    weights = {"factor": np.float32(factor), "offset": np.float32(offset)}
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["x", "factor"], ["scaled"]),
            helper.make_node("Add", ["scaled", "offset"], ["y"]),
        ],
        "affine",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 1])],
        [numpy_helper.from_array(np.array(value), name) for name, value in weights.items()],
    )
    return _serialized(graph)


def _busy() -> bytes:
    """y = x, after a loop of so many seconds as the largest x says; it can be ended at any turn."""
    info, node = helper.make_tensor_value_info, helper.make_node
    turn = helper.make_graph(
        [node("Identity", ["going"], ["still"]), node("Identity", ["value"], ["same"])],
        "turn",
        [
            info("number", TensorProto.INT64, []),
            info("going", TensorProto.BOOL, []),
            info("value", TensorProto.FLOAT, ["rows", 1]),
        ],
        [info("still", TensorProto.BOOL, []), info("same", TensorProto.FLOAT, ["rows", 1])],
    )
    constants = {"pace": np.float32(TURNS_A_SECOND), "start": np.array(True)}
    graph = helper.make_graph(
        [
            node("ReduceMax", ["x"], ["seconds"], keepdims=0),
            node("Mul", ["seconds", "pace"], ["count"]),
            node("Cast", ["count"], ["turns"], to=TensorProto.INT64),
            node("Loop", ["turns", "start", "x"], ["y"], body=turn),
        ],
        "busy",
        [info("x", TensorProto.FLOAT, ["rows", 1])],
        [info("y", TensorProto.FLOAT, ["rows", 1])],
        [numpy_helper.from_array(np.array(value), name) for name, value in constants.items()],
    )
    return _serialized(graph)


def _kinds() -> bytes:
    """A tensor of each element type, [rows, 2], each given back as it is."""
    kinds = {
        "bool": TensorProto.BOOL,
        "uint8": TensorProto.UINT8,
        "uint16": TensorProto.UINT16,
        "uint32": TensorProto.UINT32,
        "uint64": TensorProto.UINT64,
        "int8": TensorProto.INT8,
        "int16": TensorProto.INT16,
        "int32": TensorProto.INT32,
        "int64": TensorProto.INT64,
        "fp16": TensorProto.FLOAT16,
        "fp32": TensorProto.FLOAT,
        "fp64": TensorProto.DOUBLE,
        "bytes": TensorProto.STRING,
    }
    shape = ["rows", 2]
    graph = helper.make_graph(
        [helper.make_node("Identity", [name], [f"{name}_out"]) for name in kinds],
        "kinds",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind in kinds.items()],
        [helper.make_tensor_value_info(f"{name}_out", kind, shape) for name, kind in kinds.items()],
    )
    return _serialized(graph)


def _serialized(graph: onnx.GraphProto) -> bytes:
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data
