"""A graph that passes two numbers on: what is left of a job when its model costs nothing."""

from onnx import TensorProto, helper
from onnx.onnx_ml_pb2 import ModelProto

from loadtests.bench.graphs.graph import Graph


def build() -> ModelProto:
    """int64 `numbers` [rows, 2] to the same as `same`."""
    numbers = helper.make_tensor_value_info("numbers", TensorProto.INT64, ["rows", 2])
    same = helper.make_tensor_value_info("same", TensorProto.INT64, ["rows", 2])
    return Graph().model("numbers", numbers, same)
