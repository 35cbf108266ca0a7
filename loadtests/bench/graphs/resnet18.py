"""The layers of a resnet18, batch normalisation folded into the convolutions."""

from onnx import TensorProto, helper
from onnx.onnx_ml_pb2 import ModelProto

from loadtests.bench.graphs.graph import Graph

SIDE = 224
CLASSES = 1000
STAGES = ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))


def build() -> ModelProto:
    """float32 `image` [rows, 3, 224, 224] to float32 `scores` [rows, 1000]."""
    graph = Graph()
    now = graph.add("Relu", _convolution(graph, "image", (3, 64, 7), 2))
    now = graph.add("MaxPool", now, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    for channels_in, channels, stride in STAGES:
        now = _block(graph, now, channels_in, channels, stride)
        now = _block(graph, now, channels, channels, 1)
    now = graph.add("Flatten", graph.add("GlobalAveragePool", now))
    now = graph.add("Gemm", now, graph.weights(512, CLASSES))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["rows", 3, SIDE, SIDE])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", CLASSES])
    return graph.model(graph.add("Softmax", now, axis=1), image, scores)


def _block(graph: Graph, now: str, channels_in: int, channels: int, stride: int) -> str:
    inner = graph.add("Relu", _convolution(graph, now, (channels_in, channels, 3), stride))
    inner = _convolution(graph, inner, (channels, channels, 3), 1)
    if stride > 1:
        now = _convolution(graph, now, (channels_in, channels, 1), stride)
    return graph.add("Relu", graph.add("Add", inner, now))


def _convolution(graph: Graph, now: str, shape: tuple[int, int, int], stride: int) -> str:
    """`shape` is channels in, channels out, side of the kernel."""
    channels_in, channels, side = shape
    kernel = graph.weights(channels, channels_in, side, side)
    return graph.add("Conv", now, kernel, strides=[stride, stride], pads=[side // 2] * 4)
