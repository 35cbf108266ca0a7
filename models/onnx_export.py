"""Writes trained models as ONNX files, reproducibly. For the training scripts only."""

import hashlib
import re
from pathlib import Path
from typing import Any

OPSET = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 9


def from_sklearn(classifier: Any, input_name: str, features: int) -> Any:
    """float32 [rows, features] in, `probabilities` float32 [rows, classes] out."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType
    from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs

    whole = convert_sklearn(
        classifier,
        initial_types=[(input_name, FloatTensorType([None, features]))],
        options={"zipmap": False},
        target_opset=OPSET,
    )
    # The label is the largest probability; its sub-graph goes. Selecting forgets the shape.
    model = select_model_inputs_outputs(whole, outputs=["probabilities"])
    model.graph.output[0].CopyFrom(whole.graph.output[1])
    _drop_unused_weights(model.graph)
    return named_rows(model)


def _drop_unused_weights(graph: Any) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [weights for weights in graph.initializer if weights.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def named_rows(model: Any) -> Any:
    """Names the free dimension `rows`, pins the IR version and drops what differs between runs."""
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "rows"
    model.graph.name = "queuecast"
    model.ir_version = IR_VERSION
    return model


def publish(model: Any, folder: Path, version: str) -> str:
    """Writes `<folder>/<version>/model.onnx` and its hash into `model.toml`; returns the hash."""
    import onnx

    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString(deterministic=True)
    path = folder / version / "model.onnx"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    manifest = folder / "model.toml"
    found = rf'(file = "{version}/model\.onnx"\nsha256 = ")[0-9a-f]*"'
    manifest.write_text(re.sub(found, rf'\g<1>{digest}"', manifest.read_text()))
    return digest
