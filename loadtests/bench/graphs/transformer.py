"""The layers of a small sentence encoder: six of width 384, twelve heads, mean pooling."""

import numpy as np
from onnx import TensorProto, helper
from onnx.onnx_ml_pb2 import ModelProto

from loadtests.bench.graphs.graph import Graph

LENGTH = 96
VOCABULARY = 2000
LAYERS, WIDTH, HEADS, INNER = 6, 384, 12, 1536
PER_HEAD = WIDTH // HEADS


def build() -> ModelProto:
    """int64 `tokens` [rows, 96] to float32 `pooled` [rows, 384]."""
    graph = Graph()
    now = graph.add("Gather", graph.weights(VOCABULARY, WIDTH), "tokens")
    now = graph.add("Add", now, graph.weights(LENGTH, WIDTH))
    for _ in range(LAYERS):
        now = _normed(graph, graph.add("Add", now, _attention(graph, now)))
        now = _normed(graph, graph.add("Add", now, _feed_forward(graph, now)))
    pooled = graph.add("ReduceMean", now, graph.constant(np.array([1], np.int64)), keepdims=0)
    tokens = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["rows", LENGTH])
    output = helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["rows", WIDTH])
    return graph.model(pooled, tokens, output)


def _attention(graph: Graph, now: str) -> str:
    queries, keys, values = (_heads(graph, now, order) for order in ("rows", "columns", "rows"))
    scale = graph.constant(np.float32(PER_HEAD**-0.5))
    shares = graph.add("Softmax", graph.add("Mul", graph.add("MatMul", queries, keys), scale))
    mixed = graph.add("Transpose", graph.add("MatMul", shares, values), perm=[0, 2, 1, 3])
    whole = graph.constant(np.array([-1, LENGTH, WIDTH], np.int64))
    return _dense(graph, graph.add("Reshape", mixed, whole), WIDTH, WIDTH)


def _heads(graph: Graph, now: str, order: str) -> str:
    """[rows, heads, tokens, features]; for keys the last two change places."""
    split = graph.constant(np.array([-1, LENGTH, HEADS, PER_HEAD], np.int64))
    heads = graph.add("Reshape", _dense(graph, now, WIDTH, WIDTH), split)
    return graph.add("Transpose", heads, perm=[0, 2, 1, 3] if order == "rows" else [0, 2, 3, 1])


def _feed_forward(graph: Graph, now: str) -> str:
    return _dense(graph, _gelu(graph, _dense(graph, now, WIDTH, INNER)), INNER, WIDTH)


def _gelu(graph: Graph, now: str) -> str:
    """x * (1 + erf(x / sqrt 2)) / 2."""
    scaled = graph.add("Div", now, graph.constant(np.float32(np.sqrt(2))))
    shifted = graph.add("Add", graph.add("Erf", scaled), graph.constant(np.float32(1)))
    return graph.add("Mul", graph.add("Mul", now, shifted), graph.constant(np.float32(0.5)))


def _dense(graph: Graph, now: str, width_in: int, width: int) -> str:
    product = graph.add("MatMul", now, graph.weights(width_in, width))
    return graph.add("Add", product, graph.constant(np.zeros(width, np.float32)))


def _normed(graph: Graph, now: str) -> str:
    ones, zeros = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    return graph.add(
        "LayerNormalization", now, graph.constant(ones), graph.constant(zeros), axis=-1
    )
