import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, helper

from models.model_file import read_verified
from models.registry import Registry, Version

BUNDLED = Path(__file__).parents[3] / "models"
ELEMENT_TYPES = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "float16": TensorProto.FLOAT16,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}


@pytest.fixture(scope="session")
def bundled() -> Registry:
    return Registry.load([BUNDLED])


@pytest.fixture(scope="session")
def run_model() -> Callable[[Version, dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """Runs a version's file directly: what every answer must equal."""
    sessions: dict[str, onnxruntime.InferenceSession] = {}

    def run(version: Version, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if version.digest not in sessions:
            data = read_verified(version.path, version.digest)
            sessions[version.digest] = onnxruntime.InferenceSession(data)
        names = [spec.name for spec in version.outputs]
        return dict(zip(names, sessions[version.digest].run(names, tensors), strict=True))

    return run


@pytest.fixture
def copying_model() -> Callable[..., ModelProto]:
    """A model whose outputs are its inputs: `copying_model(x=("float32", ["rows", 2]))`."""

    def build(**tensors: tuple[str, Sequence[Any]]) -> ModelProto:
        infos = {
            name: (ELEMENT_TYPES[dtype], list(shape)) for name, (dtype, shape) in tensors.items()
        }
        graph = helper.make_graph(
            [helper.make_node("Identity", [name], [f"{name}_out"]) for name in infos],
            "copying",
            [helper.make_tensor_value_info(name, *info) for name, info in infos.items()],
            [helper.make_tensor_value_info(f"{name}_out", *info) for name, info in infos.items()],
        )
        opset = helper.make_opsetid("", 18)
        return helper.make_model(graph, opset_imports=[opset], ir_version=9)

    return build


@pytest.fixture
def write_folder(tmp_path: Path) -> Callable[..., Path]:
    """A model folder `tmp_path/<name>` with one version; answers the folder of folders."""

    def write(name: str, model: ModelProto, toml: str = "", **files: str) -> Path:
        data = model.SerializeToString()
        version = tmp_path / name / "1"
        version.mkdir(parents=True)
        (version / "model.onnx").write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        lines = [f'name = "{name}"', toml, "[[versions]]", 'version = "1"']
        lines += ['file = "1/model.onnx"', f'sha256 = "{digest}"']
        (tmp_path / name / "model.toml").write_text("\n".join(lines))
        for stem, source in files.items():
            (tmp_path / name / f"{stem}.py").write_text(source)
        return tmp_path

    return write


@pytest.fixture
def generic_version(
    copying_model: Callable[..., ModelProto], write_folder: Callable[..., Path]
) -> Callable[..., tuple[Any, Version]]:
    """(model, version) of a served folder that holds only model.toml and an ONNX file."""

    def serve(toml: str = "", **tensors: tuple[str, Sequence[Any]]) -> tuple[Any, Version]:
        root = write_folder("copy", copying_model(**tensors), toml)
        registry = Registry.load([root])
        assert registry.refused == ()
        return registry.resolve("copy")

    return serve


@pytest.fixture(scope="session")
def run_onnx() -> Callable[[ModelProto, np.ndarray], np.ndarray]:
    """The probabilities that a model not yet written to a file gives these rows."""

    def run(model: ModelProto, rows: np.ndarray) -> np.ndarray:
        session = onnxruntime.InferenceSession(model.SerializeToString())
        name = session.get_inputs()[0].name
        return session.run(["probabilities"], {name: rows})[0]

    return run
