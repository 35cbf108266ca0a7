"""What the protocol's routes answer; real predictions are in tests/integration."""

import gzip
import struct
import threading
import zlib
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from api.inference_protocol import elements
from api.inference_protocol.infer_request import parse_infer
from models.registry import Registry
from shared.settings import Settings

INFER = "/v2/models/tensors/infer"
WINE = "/v2/models/wine/infer"
PREDICT = "/v1/models/tensors:predict"
SECRET = "xyzzy-never-echoed"
ROW = [0.5] * 13


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Nothing runs here, so nobody waits for long."""
    return settings.model_copy(update={"infer_wait_seconds": 0.05, "infer_max_bytes": 300_000})


def tensor(**changes: Any) -> dict[str, Any]:
    return {"name": "measurements", "shape": [1, 13], "datatype": "FP32", "data": ROW} | changes


def body(*tensors: Any, **more: Any) -> bytes:
    return orjson.dumps({"inputs": list(tensors), **more})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in tensor().items() if key != name}


def binary(size: Any) -> dict[str, Any]:
    return without("data") | {"parameters": {"binary_data_size": size}}


BAD = {
    "empty": (b"", "malformed-json"),
    "no JSON": (b"{", "malformed-json"),
    "NaN": (b'{"inputs": [{"data": [NaN]}]}', "malformed-json"),
    "deep": (b"[" * 40 + b"]" * 40, "json-too-deep"),
    "duplicate key": (b'{"inputs": [], "inputs": []}', "duplicate-key"),
    "array": (b"[]", "invalid-input"),
    "no inputs": (b"{}", "invalid-input"),
    "inputs empty": (body(), "invalid-input"),
    "inputs no list": (b'{"inputs": {}}', "invalid-input"),
    "input no object": (body(SECRET), "invalid-input"),
    "id no text": (body(tensor(), id=7), "invalid-input"),
    "no name": (body(without("name")), "invalid-input"),
    "no datatype": (body(without("datatype")), "invalid-input"),
    "unknown datatype": (body(tensor(datatype=SECRET)), "invalid-input"),
    "no shape": (body(without("shape")), "invalid-input"),
    "shape no list": (body(tensor(shape=SECRET)), "invalid-input"),
    "shape of text": (body(tensor(shape=["1", 13])), "shape-mismatch"),
    "shape of fractions": (body(tensor(shape=[1.0, 13])), "shape-mismatch"),
    "negative size": (body(tensor(shape=[-1, 13])), "shape-mismatch"),
    "size above int64": (b'{"inputs": [{"name": "measurements", "datatype": "FP32", "data": [], '
                         b'"shape": [9223372036854775808, 13]}]}', "shape-mismatch"),
    "rank": (body(tensor(shape=[13])), "shape-mismatch"),
    "dimension": (body(tensor(shape=[1, 12])), "shape-mismatch"),
    "dtype": (body(tensor(datatype="FP64")), "shape-mismatch"),
    "name": (body(tensor(name=SECRET)), "shape-mismatch"),
    "twice": (body(tensor(), tensor()), "shape-mismatch"),
    "no rows": (body(tensor(shape=[0, 13], data=[])), "invalid-input"),
    "ragged": (body(tensor(shape=[2, 13], data=[ROW, ROW[1:]])), "shape-mismatch"),
    "too few": (body(tensor(data=ROW[1:])), "shape-mismatch"),
    "too many": (body(tensor(data=[*ROW, 1.0])), "shape-mismatch"),
    "strings": (body(tensor(data=[SECRET] * 13)), "invalid-input"),
    "nulls": (body(tensor(data=[None] * 13)), "invalid-input"),
    "booleans": (body(tensor(data=[True] * 13)), "shape-mismatch"),
    "out of range": (body(tensor(data=[1e39, *ROW[1:]])), "invalid-input"),
    "overflow": (body(tensor()).replace(b"0.5", b"1e999"), "invalid-input"),
    "data no list": (body(tensor(data=SECRET)), "invalid-input"),
    "no data": (body(without("data")), "invalid-input"),
    "data and bytes": (body(tensor(parameters={"binary_data_size": 0})), "invalid-input"),
    "no bytes": (body(binary(52)), "shape-mismatch"),
    "negative bytes": (body(binary(-1)), "invalid-input"),
    "bytes no number": (body(binary(SECRET)), "invalid-input"),
    "shared memory": (
        body(without("data") | {"parameters": {"shared_memory_region": "r"}}),
        "invalid-input",
    ),
    "parameters": (body(tensor(), parameters=[]), "invalid-input"),
    "priority": (body(tensor(), parameters={"priority": SECRET}), "invalid-input"),
    "timeout": (body(tensor(), parameters={"timeout": -1}), "invalid-input"),
    "unknown output": (body(tensor(), outputs=[{"name": SECRET}]), "invalid-input"),
    "classification": (
        body(tensor(), outputs=[{"name": "label", "parameters": {"classification": 1}}]),
        "invalid-input",
    ),
}  # fmt: skip


def refused(answer: Any, status: int, kind: str) -> None:
    """An answer of the protocol: JSON, with `error`."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    told = answer.json()
    assert (told["type"], told["status"]) == (f"/problems/{kind}", status)
    assert told["error"] == told["detail"]
    assert SECRET not in answer.text


@pytest.mark.parametrize(("sent", "kind"), BAD.values(), ids=BAD)
def test_bad_requests(client: TestClient, nothing_happened: Any, sent: bytes, kind: str) -> None:
    refused(client.post(INFER, content=sent), 400, kind)
    nothing_happened()


@pytest.mark.parametrize("shape", [[1, 12], [13], [1, 13, 1]])
def test_a_wrong_shape_names_the_tensor_and_both_shapes(client: TestClient, shape: Any) -> None:
    told = client.post(INFER, content=body(tensor(shape=shape))).json()
    expected = f"tensor 'measurements': expected FP32 [-1, 13], got FP32 {shape}"
    assert told["error"] == expected
    assert told["errors"][0]["pointer"] == "/inputs/0/shape"


def test_a_value_that_the_contract_refuses_is_said_of_its_tensor(client: TestClient) -> None:
    sent = body(tensor(shape=[2, 13], data=[*ROW, *ROW[1:], -1.0]))
    told = client.post(WINE, content=sent).json()
    assert told["error"].startswith("tensor 'measurements', proline, row 1: Input should be")
    assert told["errors"][0]["pointer"] == "/inputs/0/data"


@pytest.mark.parametrize(
    ("data", "kind"),
    [("aGVsbG8=", "invalid-image"), ("!!!", "invalid-input"), ("aGVsbG8", "invalid-input")],
)
def test_a_file_that_is_no_image_is_said_of_its_tensor(
    client: TestClient, data: str, kind: str
) -> None:
    sent = body({"name": "image", "shape": [1, 1], "datatype": "BYTES", "data": [data]})
    answer = client.post("/v2/models/digits/infer", content=sent)
    refused(answer, 400, kind)
    assert answer.json()["error"].startswith("tensor 'image': ")


@pytest.mark.parametrize("length", ["-1", "abc", "99999", "1e3", "9" * 30])
def test_a_wrong_header_length_is_refused(client: TestClient, length: str) -> None:
    headers = {"Inference-Header-Content-Length": length}
    refused(client.post(INFER, content=body(tensor()), headers=headers), 400, "bad-request")


def test_bytes_that_belong_to_no_tensor_are_refused(client: TestClient) -> None:
    head = body(tensor())
    headers = {"Inference-Header-Content-Length": str(len(head))}
    refused(client.post(INFER, content=head + b"\0", headers=headers), 400, "bad-request")


@pytest.mark.parametrize(("path", "number"), [(INFER, 5), (WINE, 1001), (INFER, 1 << 62)])
def test_more_rows_than_the_model_takes(
    client: TestClient, nothing_happened: Any, path: str, number: int
) -> None:
    sent = body(tensor(shape=[number, 13], data=ROW * min(number, 1001)))
    refused(client.post(path, content=sent), 413, "input-too-large")
    nothing_happened()


def test_more_elements_than_the_model_takes_are_not_even_decoded(
    client: TestClient, registry: Registry, monkeypatch: Any
) -> None:
    monkeypatch.setattr(registry.models["tensors"].tensors, "elements_max", 20)
    monkeypatch.setattr(elements, "from_json", None)
    answer = client.post(INFER, content=body(tensor(shape=[2, 13], data=[])))
    refused(answer, 413, "input-too-large")


@pytest.mark.parametrize(
    ("encoding", "content", "status", "kind"),
    [
        ("gzip", gzip.compress(b" " * 400_000), 413, "payload-too-large"),
        ("gzip", gzip.compress(b" " * 200_000), 413, "payload-too-large"),
        ("deflate", zlib.compress(b" " * 400_000), 413, "payload-too-large"),
        ("gzip", b"nothing", 400, "bad-request"),
        ("gzip", gzip.compress(b"{}")[:-4], 400, "bad-request"),
        ("gzip", gzip.compress(b"{}") + b"more", 400, "bad-request"),
        ("br", b"{}", 415, "unsupported-encoding"),
        ("gzip, gzip", b"{}", 415, "unsupported-encoding"),
        ("identity", b" " * 150_000, 413, "payload-too-large"),
        ("identity", b" " * 400_000, 413, "payload-too-large"),
    ],
)
def test_compressed_and_large_bodies(
    client: TestClient, encoding: str, content: bytes, status: int, kind: str
) -> None:
    answer = client.post(INFER, content=content, headers={"Content-Encoding": encoding})
    refused(answer, status, kind)


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress, bytes])
def test_a_wait_that_is_over_names_the_job_which_goes_on(
    client: TestClient, rows: Any, compress: Any
) -> None:
    encoding = {gzip.compress: "gzip", zlib.compress: "deflate"}.get(compress, "identity")
    sent = compress(body(tensor()))
    answer = client.post(INFER, content=sent, headers={"Content-Encoding": encoding})
    refused(answer, 504, "not-done-in-time")
    [job] = rows()
    assert answer.json()["predictions"] == [f"http://testserver/api/v1/predictions/{job['id']}"]
    assert client.get(answer.json()["predictions"][0]).json()["status"] == "starting"


def test_tensors_as_raw_bytes_are_the_same_input(client: TestClient, rows: Any) -> None:
    head = body(binary(52))
    headers = {"Inference-Header-Content-Length": str(len(head))}
    client.post(INFER, content=head + struct.pack("<13f", *ROW), headers=headers)
    client.post(INFER, content=body(tensor()))
    assert [orjson.loads(job["input"]) for job in rows()] == [{"measurements": [ROW]}] * 2


@pytest.mark.parametrize(("padding", "beside"), [(0, False), (80_000, True)])
def test_a_large_body_is_read_beside_the_event_loop(
    client: TestClient, monkeypatch: Any, padding: int, beside: bool
) -> None:
    threads: list[str] = []

    def spy(*arguments: Any) -> Any:
        threads.append(threading.current_thread().name)
        return parse_infer(*arguments)

    monkeypatch.setattr("api.routes.inference_protocol.parse_infer", spy)
    client.post(INFER, content=b" " * padding + body(tensor()))
    assert [name.startswith("asyncio_") for name in threads] == [beside]


def test_each_row_is_a_job_where_the_contract_says_what_an_input_is(
    client: TestClient, rows: Any, wine: Any
) -> None:
    sent = body(tensor(shape=[2, 13], data=[*wine.values(), *ROW]), parameters={"priority": 1})
    assert client.post(WINE, content=sent).status_code == 504
    jobs = rows()
    assert [orjson.loads(job["input"]) for job in jobs] == [wine, dict.fromkeys(wine, 0.5)]
    assert {job["priority"] for job in jobs} == {"high"}


def test_the_same_key_makes_the_same_jobs(client: TestClient, rows: Any) -> None:
    sent = body(tensor(shape=[2, 13], data=ROW * 2))
    for _ in range(2):
        client.post(WINE, content=sent, headers={"Idempotency-Key": "k"})
    assert len(rows()) == 2
    other = client.post(WINE, content=body(tensor()).replace(b"0.5", b"0.6"),
                        headers={"Idempotency-Key": "k"})  # fmt: skip
    refused(other, 400, "idempotency-mismatch")


def test_a_timeout_is_the_deadline_of_the_job(client: TestClient, rows: Any) -> None:
    sent = body(tensor(), parameters={"timeout": 10_000})
    refused(client.post(INFER, content=sent), 504, "not-done-in-time")
    [job] = rows()
    assert (job["deadline_at"] - job["created_at"]).total_seconds() == 0.01


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v2/models/burgundy", "model-not-found"),
        ("/v2/models/..%2f", "not-found"),
        ("/v2/models/WINE/ready", "model-not-found"),
        ("/v2/models/wine/versions/9", "version-not-found"),
        ("/v1/models/burgundy", "model-not-found"),
        ("/v2/nothing", "not-found"),
    ],
)
def test_what_is_not_there_is_404(client: TestClient, path: str, kind: str) -> None:
    refused(client.get(path), 404, kind)


def test_metadata_lists_the_tensors(client: TestClient) -> None:
    for path in ("/v2/models/digits", "/v2/models/digits/versions/champion"):
        assert client.get(path).json() == {
            "name": "digits",
            "versions": ["1", "2"],
            "platform": "onnxruntime_onnx",
            "inputs": [{"name": "image", "datatype": "BYTES", "shape": [-1, 1]}],
            "outputs": [
                {"name": "label", "datatype": "INT64", "shape": [-1, 1]},
                {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]},
            ],
        }


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready", {"ready": True}),
        ("/v2/models/wine/ready", {"name": "wine", "ready": True}),
        ("/v2/models/wine/versions/1/ready", {"name": "wine", "ready": True}),
        ("/v1/models", {"models": ["digits", "shapes", "tensors", "wine"]}),
        ("/v1/models/wine", {"name": "wine", "ready": True}),
    ],
)
def test_the_server_and_its_models_are_ready(client: TestClient, path: str, told: Any) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, told)


def test_without_the_database_the_server_is_not_ready(
    client: TestClient, lose_database: Any
) -> None:
    lose_database()
    refused(client.get("/v2/health/ready"), 503, "unavailable")


def test_the_repository_lists_every_version(client: TestClient) -> None:
    for content in (b"", b'{"ready": true}'):
        found = client.post("/v2/repository/index", content=content).json()
        assert [(one["name"], one["version"], one["state"]) for one in found] == [
            ("digits", "1", "READY"),
            ("digits", "2", "READY"),
            ("shapes", "1", "READY"),
            ("tensors", "1", "READY"),
            ("wine", "1", "READY"),
        ]


@pytest.mark.parametrize("sent", [b"[]", b'{"ready": {}}', b'{"ready": null}', b"{"])
def test_a_repository_query_of_another_form_is_refused(client: TestClient, sent: bytes) -> None:
    assert client.post("/v2/repository/index", content=sent).status_code == 400


def test_a_method_that_a_path_does_not_take_is_refused(client: TestClient) -> None:
    for path, allowed in ((PREDICT, "POST"), ("/v1/models/wine", "GET"), (INFER, "POST")):
        answer = client.request("PATCH", path)
        refused(answer, 405, "method-not-allowed")
        assert answer.headers["allow"] == allowed


def test_models_are_loaded_and_stay_so(client: TestClient) -> None:
    assert client.post("/v2/repository/models/wine/load").status_code == 200
    refused(client.post("/v2/repository/models/wine/unload"), 400, "bad-request")
    refused(client.post("/v2/repository/models/merlot/load"), 404, "model-not-found")


@pytest.mark.parametrize(
    "sent",
    [b"{}", b"[]", b'{"instances": []}', b'{"instances": 1}', b'{"instances": [[true]]}',
     orjson.dumps({"instances": [ROW] * 1001}), orjson.dumps({"instances": [ROW, ROW[1:]]})],
)  # fmt: skip
def test_bad_instances(client: TestClient, nothing_happened: Any, sent: bytes) -> None:
    answer = client.post(PREDICT, content=sent)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("/instances")
    nothing_happened()


def test_each_instance_is_a_job(client: TestClient, rows: Any) -> None:
    sent = orjson.dumps({"instances": [ROW, {"measurements": [ROW]}]})
    refused(client.post(PREDICT, content=sent), 504, "not-done-in-time")
    inputs = [orjson.loads(job["input"]) for job in rows()]
    assert inputs == [{"measurements": ROW}, {"measurements": [ROW]}]
