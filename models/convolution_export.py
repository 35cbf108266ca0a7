"""A trained convolution as an ONNX graph. For the training scripts only (extra `train`)."""

from typing import Any

import numpy as np

from models.convolution import Design, Weights
from models.onnx_export import OPSET, named_rows


def from_convolution(design: Design, weights: Weights, input_name: str, scale: float) -> Any:
    """float32 [rows, side * side] times `scale` in, `probabilities` [rows, classes] out."""
    from onnx import helper, numpy_helper

    arrays = _onnx_weights(design, weights, scale)
    graph = helper.make_graph(
        _nodes(design, input_name),
        "queuecast",
        [_rows(input_name, design.side * design.side)],
        [_rows("probabilities", design.classes)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opsets = [helper.make_opsetid("", OPSET[""])]
    return named_rows(helper.make_model(graph, opset_imports=opsets, producer_name="queuecast"))


def _onnx_weights(design: Design, weights: Weights, scale: float) -> dict[str, np.ndarray]:
    """Channels first, as ONNX wants them; training has them last. The scale joins layer 0."""
    arrays = {"image": np.array([-1, 1, design.side, design.side], np.int64)}
    channels_in = 1
    for layer, channels in enumerate(design.channels):
        kernel = weights[f"k{layer}"].reshape(3, 3, channels_in, channels).transpose(3, 2, 0, 1)
        arrays[f"k{layer}"] = np.ascontiguousarray(kernel * np.float32(1 if layer else scale))
        arrays[f"b{layer}"] = weights[f"b{layer}"]
        channels_in = channels
    side = design.side >> sum(design.pools)
    dense = weights["w"].reshape(side, side, channels_in, design.classes).transpose(2, 0, 1, 3)
    return {**arrays, "w": dense.reshape(design.flat, -1), "b": weights["b"]}


def _nodes(design: Design, input_name: str) -> list[Any]:
    from onnx.helper import make_node

    nodes = [make_node("Reshape", [input_name, "image"], ["now0"])]
    for layer, pooling in enumerate(design.pools):
        taps = [f"now{layer}", f"k{layer}", f"b{layer}"]
        nodes.append(make_node("Conv", taps, [f"sum{layer}"], pads=[1, 1, 1, 1]))
        active = f"active{layer}" if pooling else f"now{layer + 1}"
        nodes.append(make_node("Relu", [f"sum{layer}"], [active]))
        if pooling:
            pooled = [f"now{layer + 1}"]
            nodes.append(
                make_node("MaxPool", [active], pooled, kernel_shape=[2, 2], strides=[2, 2])
            )
    last = f"now{len(design.pools)}"
    nodes.append(make_node("Flatten", [last], ["flat"]))
    nodes.append(make_node("Gemm", ["flat", "w", "b"], ["scores"]))
    nodes.append(make_node("Softmax", ["scores"], ["probabilities"], axis=1))
    return nodes


def _rows(name: str, size: int) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", size])
