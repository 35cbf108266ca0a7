"""Triton's client against a running system: `checks.py URL IMAGE`.

Prints what the models `affine` and `wine` answered, as JSON.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

X = np.linspace(-5, 5, 600, dtype=np.float32).reshape(-1, 1)
WINES = np.tile(
    np.array([[13.2, 1.8, 2.1, 11.2, 100, 2.7, 2.8, 0.3, 1.3, 4.4, 1.1, 3.4, 1050]]), (40, 1)
)
WINES = (WINES * np.linspace(0.9, 1.1, 40)[:, np.newaxis]).astype(np.float32)
INTEGERS = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")


def given(name: str, array: np.ndarray, *, binary: bool = True) -> Any:
    tensor = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    return tensor.set_data_from_numpy(array, binary_data=binary)


def refused(call: Any, *said: str) -> None:
    try:
        call()
    except InferenceServerException as error:
        assert all(part in str(error) for part in said), str(error)
    else:
        raise AssertionError(f"expected a refusal that says {said}")


def server(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("wine")
    assert client.is_model_ready("digits", "1")
    assert not client.is_model_ready("digits", "9")
    assert not client.is_model_ready("merlot")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    inputs = client.get_model_metadata("affine")["inputs"]
    assert inputs == [{"name": "x", "datatype": "FP32", "shape": [-1, 1]}]
    index = {one["name"]: one["state"] for one in client.get_model_repository_index()}
    assert (index["wine"], index["tampered"]) == ("READY", "UNAVAILABLE")
    client.load_model("wine")
    refused(lambda: client.unload_model("wine"), "[400]", "starts anew")
    refused(lambda: client.get_model_metadata("merlot"), "[404]", "no model of this name")


def every_way_to_send(client: Any) -> list[float]:
    asked = {
        "all, as bytes": None,
        "as bytes": [triton.InferRequestedOutput("y", binary_data=True)],
        "as JSON": [triton.InferRequestedOutput("y", binary_data=False)],
    }
    answers = [
        client.infer("affine", [given("x", X, binary=binary)], outputs=outputs, request_id="r1",
                     request_compression_algorithm=compression, priority=1, timeout=30_000_000)
        for binary in (True, False)
        for outputs in asked.values()
        for compression in (None, "gzip", "deflate")
    ]  # fmt: skip
    assert {answer.get_response()["id"] for answer in answers} == {"r1"}
    first = answers[0].as_numpy("y")
    assert first.dtype == np.float32
    for answer in answers:
        np.testing.assert_array_equal(answer.as_numpy("y"), first)
    return first.ravel().tolist()


def kinds() -> dict[str, np.ndarray]:
    """The bounds of each element type, in so many rows that the output stands in the blob store."""
    found = {name: [[np.iinfo(name).min, np.iinfo(name).max]] for name in INTEGERS}
    arrays = {name: np.array(values, name) for name, values in found.items()}
    floats = {"fp16": "float16", "fp32": "float32", "fp64": "float64"}
    arrays |= {
        name: np.array([[np.finfo(kind).min, np.finfo(kind).tiny]], kind)
        for name, kind in floats.items()
    }
    arrays["bool"] = np.array([[True, False]])
    arrays["bytes"] = np.array([["", "grün"]], dtype=object)
    return {name: np.repeat(array, 300, axis=0) for name, array in arrays.items()}


def every_kind(client: Any) -> None:
    arrays = kinds()
    names = [f"{name}_out" for name in arrays]
    for binary in (True, False):
        tensors = [given(name, array, binary=binary) for name, array in arrays.items()]
        outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in names]
        answer = client.infer("kinds", tensors, outputs=outputs)
        for name, array in arrays.items():
            got = answer.as_numpy(f"{name}_out")
            if array.dtype == object:
                got = np.vectorize(lambda one: one.decode() if isinstance(one, bytes) else one)(got)
            np.testing.assert_array_equal(got, array, err_msg=name)


def rows_are_jobs(client: Any) -> list[list[float]]:
    answer = client.infer("wine", [given("measurements", WINES)])
    assert answer.as_numpy("label").shape == (40, 1)
    assert len(answer.get_response()["parameters"]["predictions"].split(",")) == 40
    return answer.as_numpy("probabilities").tolist()


def statistics(client: Any) -> None:
    [one] = client.get_inference_statistics("wine", "1")["model_stats"]
    assert one["inference_count"] >= len(WINES)
    assert one["inference_stats"]["success"]["count"] >= len(WINES)
    assert one["inference_stats"]["compute_infer"]["ns"] > 0
    assert len(client.get_inference_statistics("digits")["model_stats"]) == 2
    assert len(client.get_inference_statistics()["model_stats"]) > 4


def images(client: Any, file: Path) -> None:
    array = np.array([[file.read_bytes()]] * 2, dtype=object)
    answer = client.infer("digits", [given("image", array)], model_version="2")
    assert answer.as_numpy("label").tolist() == [[3], [3]]


def refusals(client: Any) -> None:
    wide = np.zeros((2, 2), np.float32)
    refused(lambda: client.infer("affine", [given("x", wide)]),
            "[400]", "tensor 'x': expected FP32 [-1, 1], got FP32 [2, 2]")  # fmt: skip
    refused(lambda: client.infer("affine", [given("x", wide.astype("f8"))]), "got FP64 [2, 2]")
    refused(lambda: client.infer("affine", [given("y", X)]), "no tensor of this name")
    nowhere = [triton.InferRequestedOutput("z")]
    refused(lambda: client.infer("affine", [given("x", X)], outputs=nowhere), "it gives 'y'")
    refused(lambda: client.infer("merlot", [given("x", X)]), "[404]")
    nan = np.array([[np.nan]], np.float32)
    refused(lambda: client.infer("affine", [given("x", nan)]), "tensor 'x'", "finite")
    no_image = np.array([[b"hello"]], dtype=object)
    refused(lambda: client.infer("digits", [given("image", no_image)]), "[400]", "'image'")


def main(url: str, image: str) -> None:
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        server(client)
        every_kind(client)
        images(client, Path(image))
        refusals(client)
        answers = {"y": every_way_to_send(client), "probabilities": rows_are_jobs(client)}
        statistics(client)
    sent = {"x": X.ravel().tolist(), "measurements": WINES.tolist()}
    print(json.dumps(sent | answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
