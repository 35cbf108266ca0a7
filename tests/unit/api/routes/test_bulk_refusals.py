"""What a bulk refuses: an input alone, or the whole request."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

BULK = "/api/v1/predictions/bulk"
JSON = {"Content-Type": "application/json"}
SECRET = "xyzzy-never-echoed"

WINE, TENSORS, DIGITS = "wine", "tensors", "digits"

# What stands between two good inputs; its status and type; where in it the fault is.
BAD = {
    "missing field": (WINE, b'{"alcohol":1}', 422, "invalid-input", "/malic_acid"),
    "wrong type": (WINE, b'{"alcohol":"%b"}' % SECRET.encode(), 422, "invalid-input", "/alcohol"),
    "unknown field": (WINE, b'{"sugar":1}', 422, "invalid-input", "/alcohol"),
    "no object": (WINE, b"[1]", 422, "invalid-input", ""),
    "null": (WINE, b"null", 422, "invalid-input", ""),
    "above the model's limit": (WINE, b'{"a":"%b"}' % (b"x" * 5000), 413, "input-too-large", None),
    "above the body's limit": (WINE, b'"%b"' % (b"x" * 100_000), 413, "input-too-large", None),
    "NaN": (WINE, b'{"alcohol":NaN}', 400, "malformed-json", None),
    "no value": (WINE, b'{"alcohol":}', 400, "malformed-json", None),
    "bare word": (WINE, b"wine", 400, "malformed-json", None),
    "invalid UTF-8": (WINE, b'{"alcohol":"\xff"}', 400, "malformed-json", None),
    "duplicate key": (WINE, b'{"a":1,"a":2}', 400, "duplicate-key", None),
    "too deep": (WINE, b"[" * 40 + b"]" * 40, 400, "json-too-deep", None),
    "NUL": (WINE, rb'{"alcohol":"\u0000"}', 422, "invalid-input", "/alcohol"),
    "half a pair": (WINE, rb'{"alcohol":"\ud800"}', 422, "invalid-input", "/alcohol"),
    "above int64": (WINE, b'{"a":[9223372036854775808]}', 422, "invalid-input", "/a/0"),
    "rank": (TENSORS, b'{"measurements":[[[1.0]]]}', 422, "shape-mismatch", "/measurements"),
    "tensor name": (TENSORS, b'{"pixels":[[1.0]]}', 422, "shape-mismatch", "/measurements"),
    "broken base64": (
        DIGITS,
        b'{"image":"data:image/png;base64,!"}',
        422,
        "invalid-input",
        "/image",
    ),
    "no image": (
        DIGITS,
        b'{"image":"data:image/png;base64,aGVsbG8gd29ybGQ="}',
        422,
        "invalid-image",
        "/image",
    ),
    "foreign image": (
        DIGITS,
        b'{"image":"data:image/gif;base64,R0lG"}',
        415,
        "unsupported-image",
        "/image",
    ),
}


def listed(*inputs: bytes, model: str = "wine") -> bytes:
    return b'{"model":"%b","inputs":[%b]}' % (model.encode(), b",".join(inputs))


@pytest.mark.parametrize(
    ("model", "bad", "status", "kind", "pointer"), BAD.values(), ids=BAD.keys()
)
def test_a_bad_input_is_refused_alone(
    client: TestClient, registry: Any, rows: Any, model: str, bad: bytes, status: int, kind: str,
    pointer: str | None,
) -> None:  # fmt: skip
    good = json.dumps(registry.models[model].example).encode()
    answer = client.post(BULK, content=listed(good, bad, good, model=model), headers=JSON)
    first, problem, last = [one.get("problem") for one in answer.json()["results"]]
    assert (answer.status_code, first, last) == (202, None, None)
    assert (problem["status"], problem["type"]) == (status, f"/problems/{kind}")
    if pointer is not None:
        assert problem["errors"][0]["pointer"] == f"/inputs/1{pointer}"
        assert "/input/" not in problem["detail"]
    assert SECRET not in answer.text
    assert len(rows()) == 2


WHOLE = {
    "empty": (b"", 400, "malformed-json"),
    "no object": (b"[]", 400, "malformed-json"),
    "truncated": (listed(b"{}")[:-2], 400, "malformed-json"),
    "trailing garbage": (listed(b"{}") + b"x", 400, "malformed-json"),
    "missing comma": (listed(b"{} {}"), 400, "malformed-json"),
    "trailing comma": (listed(b"{},"), 400, "malformed-json"),
    "duplicate key": (b'{"model":"wine","model":"wine","inputs":[{}]}', 400, "duplicate-key"),
    "no inputs": (b'{"model":"wine"}', 422, "invalid-input"),
    "empty list": (listed(), 422, "invalid-input"),
    "no list": (b'{"model":"wine","inputs":{}}', 422, "invalid-input"),
    "1001 inputs": (listed(*[b"{}"] * 1001), 422, "invalid-input"),
    "one input too": (b'{"model":"wine","inputs":[{}],"input":{}}', 422, "unknown-field"),
    "unknown field": (b'{"model":"wine","inputs":[{}],"owner":1}', 422, "unknown-field"),
    "many unknown fields": (
        b"{%b}" % b",".join(b'"f%d":1' % number for number in range(50)),
        422,
        "unknown-field",
    ),
    "webhook": (b'{"model":"wine","inputs":[{}],"webhook":"http://a"}', 422, "invalid-webhook-url"),
    "priority": (b'{"model":"wine","inputs":[{}],"priority":"urgent"}', 422, "invalid-input"),
    "NaN in an option": (b'{"model":"wine","deadline_seconds":NaN}', 400, "malformed-json"),
    "NUL in an option": (rb'{"model":"\u0000","inputs":[{}]}', 422, "invalid-input"),
    "large option": (b'{"model":"%b"}' % (b"w" * 100_001), 413, "payload-too-large"),
    "no model": (b'{"inputs":[{}]}', 422, "invalid-input"),
    "unknown model": (listed(b"{}", model="burgundy"), 404, "model-not-found"),
    "unknown version": (listed(b"{}", model="wine:9"), 404, "version-not-found"),
    "bad name": (listed(b"{}", model="../wine"), 422, "invalid-model-name"),
}


@pytest.mark.parametrize(("body", "status", "kind"), WHOLE.values(), ids=WHOLE.keys())
def test_what_concerns_the_whole_refuses_the_whole(
    client: TestClient, nothing_happened: Any, body: bytes, status: int, kind: str
) -> None:
    answer = client.post(BULK, content=body, headers=JSON)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    nothing_happened()


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415, "unsupported-media-type"),
        (JSON | {"Content-Encoding": "gzip"}, 415, "unsupported-encoding"),
        (JSON | {"Idempotency-Key": ""}, 422, "invalid-idempotency-key"),
    ],
)
def test_headers_are_refused(
    client: TestClient, nothing_happened: Any, headers: Any, status: int, kind: str
) -> None:
    answer = client.post(BULK, content=listed(b"{}"), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    nothing_happened()


def test_parameters_are_refused(client: TestClient, nothing_happened: Any) -> None:
    answer = client.post(f"{BULK}?wait=1", content=listed(b"{}"), headers=JSON)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-parameter")
    nothing_happened()
