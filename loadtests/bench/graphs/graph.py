"""Builds an ONNX graph node by node, with random weights from a fixed seed."""

from typing import Any

import numpy as np
from onnx import helper, numpy_helper
from onnx.onnx_ml_pb2 import ModelProto, ValueInfoProto

from models.onnx_export import OPSET, named_rows


class Graph:
    """Gives out names as nodes are added; its weights are the same each time."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(7)
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node and answers the name of its output."""
        output = f"{operator.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, values: Any) -> str:
        name = f"constant{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def weights(self, *shape: int) -> str:
        """Scaled so that what flows through the layers keeps its size."""
        fan_in = int(np.prod(shape[1:])) if len(shape) == 4 else shape[0]
        values = self._random.standard_normal(shape) * np.sqrt(2 / fan_in)
        return self.constant(values.astype(np.float32))

    def model(self, last: str, inputs: ValueInfoProto, output: ValueInfoProto) -> ModelProto:
        """The model whose only output is what `last` names, under the output's own name."""
        self._nodes.append(helper.make_node("Identity", [last], [output.name]))
        graph = helper.make_graph(self._nodes, "bench", [inputs], [output], self._weights)
        opsets = [helper.make_opsetid("", OPSET[""])]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="queuecast")
        named: ModelProto = named_rows(model)
        return named
