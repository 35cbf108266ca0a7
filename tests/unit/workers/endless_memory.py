"""Runs a model that asks for more memory than there may be, then one that does not.

A process of its own: its memory is bound. Prints what became of each.
"""

import sys
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from onnx import ModelProto, TensorProto, helper

from shared.clock import SystemClock
from shared.errors import JobFailed
from workers.memory_limit import MemoryLimit
from workers.sessions import Session, _options
from workers.watchdog import Watchdog

LIMIT_BYTES = 600 << 20
info = helper.make_tensor_value_info


def growing() -> ModelProto:
    """A loop that doubles its value at every turn."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["still_going"]),
            helper.make_node("Concat", ["value", "value"], ["twice"], axis=0),
        ],
        "body",
        [
            info("turn", TensorProto.INT64, []),
            info("going", TensorProto.BOOL, []),
            info("value", TensorProto.FLOAT, None),
        ],
        [info("still_going", TensorProto.BOOL, []), info("twice", TensorProto.FLOAT, None)],
    )
    start = helper.make_tensor("start", TensorProto.BOOL, [], [True])
    return model([helper.make_node("Loop", ["", "start", "x"], ["y"], body=body)], start)


def huge() -> ModelProto:
    """As many zeros as the input says."""
    cast_node = helper.make_node("Cast", ["x"], ["shape"], to=TensorProto.INT64)
    return model([cast_node, helper.make_node("ConstantOfShape", ["shape"], ["y"])])


def model(nodes: list[Any], *initializers: Any) -> ModelProto:
    graph = helper.make_graph(
        nodes,
        "made",
        [info("x", TensorProto.FLOAT, ["rows"])],
        [info("y", TensorProto.FLOAT, None)],
        list(initializers),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def session(proto: ModelProto, folder: Path, name: str) -> Session:
    path = folder / name / "model.onnx"
    path.parent.mkdir()
    path.write_bytes(proto.SerializeToString())
    version = SimpleNamespace(
        path=path, digest=sha256(path.read_bytes()).hexdigest(), version="1", inputs=(), outputs=()
    )
    about = SimpleNamespace(name=name, folder=path.parent, timeout_seconds=60.0)
    return Session(cast(Any, about), cast(Any, version), _options(1))


def outcome(one: Session, watchdog: Watchdog, *values: float) -> str:
    try:
        made = one.run({"x": np.array(values, np.float32)}, watchdog)
    except JobFailed as error:
        return f"{error.code}"
    return f"{made['y'].size} numbers"


if __name__ == "__main__":
    folder, watchdog = Path(sys.argv[1]), Watchdog(SystemClock())
    MemoryLimit(LIMIT_BYTES).bind()
    zeros = session(huge(), folder, "huge")
    made = [outcome(session(growing(), folder, "growing"), watchdog, 1, 2)]
    made += [outcome(zeros, watchdog, 1e11), outcome(zeros, watchdog, 1000)]
    sys.stdout.write("\n".join(made))
