"""KServe's REST client, V1 and V2, against a running system: `checks.py URL`."""

import asyncio
import sys
from typing import Any

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig

X = np.array([[1.0], [2.5], [-3.0]], np.float32)
WINE = [13.2, 1.78, 2.14, 11.2, 100.0, 2.65, 2.76, 0.26, 1.28, 4.38, 1.05, 3.4, 1050.0]


async def refused(call: Any, status: int, said: str) -> None:
    try:
        await call
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == status, str(error)
        assert said in str(error), str(error)
    else:
        raise AssertionError(f"expected {status}: {said}")


async def v1(url: str) -> None:
    client = InferenceRESTClient(RESTConfig(protocol="v1"))
    assert await client.is_server_live(url)
    assert await client.is_model_ready(url, "wine")
    answer = await client.infer(url, {"instances": [WINE, WINE]}, "wine")
    assert [one["label"] for one in answer["predictions"]] == ["barolo", "barolo"]
    answer = await client.infer(url, {"instances": [[1.0], {"x": [2.5]}, [-3.0]]}, "affine")
    assert answer["predictions"][0] == [4.0]
    await refused(client.infer(url, {"instances": [[1.0, 2.0]]}, "affine"), 400, "/instances/0/x")
    await refused(client.infer(url, {"instances": [[1.0]]}, "merlot"), 404, "no model of this name")


def request(*, binary: bool, array: np.ndarray = X) -> InferRequest:
    tensor = InferInput("x", list(array.shape), "FP32")
    tensor.set_data_from_numpy(array, binary_data=binary)
    asked = {"binary_data_output": True} if binary else {}
    return InferRequest("affine", [tensor], request_id="r1", parameters=asked)


async def v2(url: str) -> None:
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await client.is_server_live(url)
    assert await client.is_server_ready(url)
    assert await client.is_model_ready(url, "affine")
    for binary in (False, True):
        answer = await client.infer(url, request(binary=binary), "affine")
        assert (answer.id, answer.model_name) == ("r1", "affine")
        np.testing.assert_array_equal(answer.outputs[0].as_numpy(), 3 * X + 1)
    wide = np.zeros((1, 2), np.float32)
    said = "tensor 'x': expected FP32 [-1, 1], got FP32 [1, 2]"
    await refused(client.infer(url, request(binary=True, array=wide), "affine"), 400, said)
    await refused(client.infer(url, request(binary=True), "merlot"), 404, "no model of this name")


async def main(url: str) -> None:
    await v1(url)
    await v2(url)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
