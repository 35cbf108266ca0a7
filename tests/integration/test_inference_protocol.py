"""The Open Inference Protocol in front of real workers; other people's clients have their files."""

import json
import struct
from typing import Any

import httpx2
import pytest

from queuecast import Client
from shared.settings import BUNDLED_MODELS_DIR

STAR = (BUNDLED_MODELS_DIR / "shapes" / "samples" / "0003-label-star.png").read_bytes()


@pytest.fixture
def post(system: Any) -> Any:
    """Sends a body to a path of the running system."""

    def send(path: str, body: Any, **headers: str) -> httpx2.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx2.post(f"{system.url}{path}", content=data, headers=headers, timeout=60)

    return send


def tensor(name: str, datatype: str, *rows: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [len(rows), 1], "data": list(rows)}


def test_a_row_that_fails_is_named_with_its_prediction(post: Any, client: Client) -> None:
    inputs = [tensor("x", "FP64", 1.0, 2.0), tensor("predict", "BYTES", "nothing", "nan")]
    answer = post("/v2/models/fragile/infer", {"inputs": inputs})
    told = answer.json()
    assert (answer.status_code, told["type"]) == (500, "/problems/prediction-failed")
    assert told["error"].startswith("row 1: ")
    [url] = told["predictions"]
    assert client.get(url.rpartition("/")[2]).error_code == "non_finite_output"


def test_fields_with_a_default_may_be_left_out(post: Any) -> None:
    told = post("/v2/models/fragile/infer", {"inputs": [tensor("x", "FP64", 21.0)]}).json()
    assert [one["data"] for one in told["outputs"]] == [[42.0], [""]]


def test_a_deadline_that_passes_is_no_answer_in_time(post: Any) -> None:
    inputs = [tensor("x", "FP64", 1.0), tensor("preprocess", "BYTES", "sleep")]
    inputs.append(tensor("seconds", "FP64", 1.0))
    body = {"inputs": inputs, "parameters": {"timeout": 200_000}}
    answer = post("/v2/models/fragile/infer", body)
    assert (answer.status_code, answer.json()["type"]) == (504, "/problems/not-done-in-time")
    assert len(answer.json()["predictions"]) == 1


def test_a_request_of_megabytes_comes_as_raw_bytes(post: Any) -> None:
    rows = 400
    data = (struct.pack("<I", len(STAR)) + STAR) * rows
    assert len(data) > 1 << 20
    image = {"name": "image", "datatype": "BYTES", "shape": [rows, 1]}
    image["parameters"] = {"binary_data_size": len(data)}
    head = json.dumps({"inputs": [image], "outputs": [{"name": "label"}]}).encode()
    length = {"Inference-Header-Content-Length": str(len(head))}
    [label] = post("/v2/models/shapes/infer", head + data, **length).json()["outputs"]
    assert (label["shape"], set(label["data"])) == ([rows, 1], {"star"})


def test_the_input_of_one_api_answers_the_other(post: Any, client: Client) -> None:
    first = client.predict("affine", {"x": [[0.125]]}, timeout_seconds=30)
    told = post("/v2/models/affine/infer", {"inputs": [tensor("x", "FP32", 0.125)]}).json()
    assert told["outputs"][0]["data"] == first["y"][0]
    assert client.get(told["parameters"]["predictions"]).cache == "hit"
