"""Builds the test models' folders, ONNX files included."""

import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SOURCES = Path(__file__).parent / "models"

MANIFEST = """
name = "{name}"
description = "For tests."
max_batch_size = 32
preprocess_batch = 32
timeout_seconds = 20.0
[[versions]]
version = "1"
file = "1/model.onnx"
sha256 = "{digest}"
"""


def build_models(target: Path) -> Path:
    """A folder with the models `fragile`, `affine` and one that must be refused, `tampered`."""
    for name, sources in (("fragile", "fragile"), ("affine", "affine"), ("tampered", "affine")):
        folder = target / name
        if (SOURCES / sources).is_dir():
            shutil.copytree(SOURCES / sources, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "1").mkdir(parents=True)
        data = _affine(2.0, 0.0) if name == "fragile" else _affine(3.0, 1.0)
        (folder / "1" / "model.onnx").write_bytes(data)
        digest = sha256(b"another file" if name == "tampered" else data).hexdigest()
        (folder / "model.toml").write_text(MANIFEST.format(name=name, digest=digest))
    return target


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
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data
