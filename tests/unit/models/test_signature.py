from contextlib import suppress
from random import Random

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.registry import Registry
from models.signature import UnreadableSignature, read_signature
from models.tensor_spec import TensorSpec

ONNXRUNTIME_TYPES = {"tensor(float)": "float32", "tensor(int64)": "int64", "tensor(bool)": "bool"}


def described(arguments):
    """onnxruntime's view of a session's inputs or outputs, as specs."""
    return tuple(
        TensorSpec(each.name, ONNXRUNTIME_TYPES[each.type], tuple(each.shape)) for each in arguments
    )


def identity(*nodes, opsets=(("", 18),), initializers=(), **value):
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 2])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 2])
    nodes = nodes or (helper.make_node("Identity", ["x"], ["y"]),)
    graph = helper.make_graph(nodes, "g", [info], [out], list(initializers))
    imports = [helper.make_opsetid(*each) for each in opsets]
    return helper.make_model(graph, opset_imports=imports, ir_version=9, **value)


@pytest.mark.parametrize("reference", ["digits:1", "digits:2", "wine:1", "shapes:1"])
def test_bundled_signatures_are_those_of_onnxruntime(bundled: Registry, reference):
    _, version = bundled.resolve(reference)
    session = onnxruntime.InferenceSession(version.path.read_bytes())
    assert version.inputs == described(session.get_inputs())
    assert version.outputs == described(session.get_outputs())


@pytest.mark.parametrize("reference", ["digits:1", "digits:2", "wine:1", "shapes:1"])
def test_bundled_files_stay_readable_by_older_onnxruntimes(bundled: Registry, reference):
    signature = read_signature(bundled.resolve(reference)[1].path.read_bytes())
    assert signature.opsets[""] <= 18
    assert signature.ir_version <= 10


def test_types_and_free_dimensions_are_those_of_onnxruntime(copying_model):
    model = copying_model(a=("int64", ["rows", None, 3]), b=("bool", [4]), c=("float32", []))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    signature = read_signature(model.SerializeToString())
    assert signature.inputs == described(session.get_inputs())
    assert signature.outputs == described(session.get_outputs())


def test_weights_that_are_listed_as_inputs_are_none(copying_model):
    model = copying_model(x=("float32", ["rows", 2]), w=("float32", [2]))
    model.graph.initializer.append(numpy_helper.from_array(np.ones(2, np.float32), "w"))
    assert [spec.name for spec in read_signature(model.SerializeToString()).inputs] == ["x"]


@pytest.mark.parametrize("data", [b"", b"not onnx at all", b"\x08\x09", b"\x3a\x05abc"])
def test_garbage_is_refused_in_one_line(data):
    with pytest.raises(UnreadableSignature, match="not an ONNX file"):
        read_signature(data)


def test_a_truncated_file_is_refused():
    data = identity().SerializeToString()
    with pytest.raises(UnreadableSignature):
        read_signature(data[:-10])


def external_tensor():
    tensor = numpy_helper.from_array(np.ones(2, np.float32), "w")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "weights.bin"
    return tensor


def test_external_weights_are_refused():
    with pytest.raises(UnreadableSignature, match="external data"):
        read_signature(identity(initializers=[external_tensor()]).SerializeToString())


def test_external_data_in_a_constant_inside_a_branch_is_refused():
    constant = helper.make_node("Constant", [], ["y"], value=external_tensor())
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 2])
    branch = helper.make_graph([constant], "branch", [], [out])
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    with pytest.raises(UnreadableSignature, match="external data"):
        read_signature(identity(node).SerializeToString())


def test_external_data_in_a_sparse_weight_is_refused():
    model = identity()
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(external_tensor())
    with pytest.raises(UnreadableSignature, match="external data"):
        read_signature(model.SerializeToString())


@pytest.mark.parametrize(
    "opsets", [(("", 18), ("evil.ops", 1)), (("", 18), ("ai.onnx.training", 1))]
)
def test_foreign_operator_sets_are_refused(opsets):
    with pytest.raises(UnreadableSignature, match="domain"):
        read_signature(identity(opsets=opsets).SerializeToString())


def test_a_foreign_node_is_refused_even_when_its_set_is_not_imported():
    node = helper.make_node("Anything", ["x"], ["y"], domain="evil.ops")
    with pytest.raises(UnreadableSignature, match=r"evil\.ops"):
        read_signature(identity(node).SerializeToString())


def test_outputs_that_are_no_tensors_are_refused():
    model = identity()
    tensor = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    model.graph.output[0].type.CopyFrom(helper.make_sequence_type_proto(tensor))
    with pytest.raises(UnreadableSignature, match="output 'y' is not a tensor"):
        read_signature(model.SerializeToString())


def test_a_tensor_without_a_shape_is_refused():
    model = identity()
    model.graph.output[0].type.tensor_type.ClearField("shape")
    with pytest.raises(UnreadableSignature, match="output 'y' has no shape"):
        read_signature(model.SerializeToString())


def test_element_types_that_numpy_lacks_are_refused():
    model = identity()
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.BFLOAT16
    with pytest.raises(UnreadableSignature, match="element type"):
        read_signature(model.SerializeToString())


@pytest.mark.parametrize("seed", range(3))
def test_hostile_bytes_are_read_or_refused_and_never_crash(bundled: Registry, seed):
    random, data = Random(seed), bundled.get("wine").versions["1"].path.read_bytes()
    for _ in range(300):
        broken = bytearray(data)
        for _ in range(3):
            broken[random.randrange(len(broken))] = random.randrange(256)
        with suppress(UnreadableSignature):
            read_signature(bytes(broken))
