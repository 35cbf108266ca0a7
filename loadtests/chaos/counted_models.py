"""The models that chaos runs: of each execution a line is kept, so that nobody's word is needed."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from models.onnx_export import OPSET, named_rows, publish

FOLDER = Path(__file__).with_name("model_folder")
LEDGER = "CHAOS_LEDGER"
"""The variable that names the file in which executions are noted; without it none is."""

ROWS = {"quick": 32, "slow": 4, "large": 8}
"""Each model's largest batch. They differ in what is asked of them (see `orders`), and in this."""


def build(target: Path) -> Path:
    """A folder for `./run up --models`."""
    for name, rows in ROWS.items():
        folder = target / name
        shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__*"))
        manifest = folder / "model.toml"
        text = manifest.read_text().replace("NAME", name).replace("ROWS", str(rows))
        manifest.write_text(text)
        publish(_model(), folder, "1")
    return target


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of one stage for the job of a number, `at` its beginning or end (epoch seconds)."""

    stage: str
    number: int
    at: float


def executions(ledger: Path) -> list[Execution]:
    """All that the models have noted, in the order in which they ran."""
    lines = ledger.read_text().splitlines() if ledger.exists() else []
    parts = (line.split() for line in lines)
    return [Execution(stage, int(number), float(at)) for stage, number, at in parts]


def _model() -> Any:
    """y = 3x + 1; seconds and padding as they come."""
    info, node = helper.make_tensor_value_info, helper.make_node
    real, whole = TensorProto.FLOAT, TensorProto.INT64
    shape: list[str | int | None] = ["rows", 1]
    graph = helper.make_graph(
        [
            node("Mul", ["x", "factor"], ["scaled"]),
            node("Add", ["scaled", "offset"], ["y"]),
            node("Identity", ["seconds"], ["same_seconds"]),
            node("Identity", ["padding"], ["same_padding"]),
        ],
        "counted",
        [info("x", real, shape), info("seconds", real, shape), info("padding", whole, shape)],
        [
            info("y", real, shape),
            info("same_seconds", real, shape),
            info("same_padding", whole, shape),
        ],
        [
            numpy_helper.from_array(np.array(value, np.float32), name)
            for name, value in (("factor", 3.0), ("offset", 1.0))
        ],
    )
    opsets = [helper.make_opsetid("", OPSET[""])]
    return named_rows(helper.make_model(graph, opset_imports=opsets, producer_name="queuecast"))
