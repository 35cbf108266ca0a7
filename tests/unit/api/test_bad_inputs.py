"""What the API refuses: each input with its status and problem type, and nothing left behind."""

import json
import struct
import zlib
from base64 import b64encode
from typing import Any

import pytest
from starlette.testclient import TestClient

SECRET = "xyzzy-never-echoed"
JSON = {"Content-Type": "application/json"}
ROW = [0.5] * 13
VALID = json.dumps({"model": "tensors", "input": {"measurements": [ROW]}})


def wine_with(literal: str) -> bytes:
    """A submission in which one measurement is the given JSON text."""
    return b'{"model":"wine","input":{"alcohol":' + literal.encode() + b"}}"


def field(**fields: Any) -> bytes:
    return json.dumps({"model": "wine", "input": {}} | fields).encode()


def tensors(value: Any) -> bytes:
    return json.dumps({"model": "tensors", "input": {"measurements": value}}).encode()


def picture(data: bytes, kind: str = "png") -> bytes:
    uri = f"data:image/{kind};base64,{b64encode(data).decode()}"
    return field(model="digits", input={"image": uri})


def png_of(width: int, height: int) -> bytes:
    """A whole file that declares a size; its pixels are not there."""
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0")),
        (b"IEND", b""),
    )
    chunks = (
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def nested(depth: int) -> bytes:
    return b'{"model":"wine","input":' + b"[" * depth + b"]" * depth + b"}"


BODIES = {
    "empty": (b"", 400, "malformed-json"),
    "truncated": (b'{"model":"wine","inp', 400, "malformed-json"),
    "trailing garbage": (b'{"model":"wine"} x', 400, "malformed-json"),
    "comment": (b'{"model":"wine" /* a */}', 400, "malformed-json"),
    "invalid UTF-8": (b'{"model":"\xff"}', 400, "malformed-json"),
    "UTF-16": ('{"model":"wine"}'.encode("utf-16"), 400, "malformed-json"),
    "BOM": (b'\xef\xbb\xbf{"model":"wine"}', 400, "malformed-json"),
    "NaN": (wine_with("NaN"), 400, "malformed-json"),
    "Infinity": (wine_with("Infinity"), 400, "malformed-json"),
    "-Infinity": (wine_with("-Infinity"), 400, "malformed-json"),
    "float overflow": (wine_with("1e999"), 422, "invalid-input"),
    "5000 digits": (wine_with("7" * 5000), 400, "malformed-json"),
    "above int64": (wine_with("9223372036854775808"), 422, "invalid-input"),
    "below int64": (wine_with("-9223372036854775809"), 422, "invalid-input"),
    "depth 33": (nested(32), 400, "json-too-deep"),
    "depth 1000": (nested(1000), 400, "json-too-deep"),
    "depth 40000": (nested(40_000), 400, "json-too-deep"),
    "lone surrogate": (wine_with(r'"\ud800"'), 422, "invalid-input"),
    "lone surrogate key": (b'{"model":"wine","input":{"\\udc00":1}}', 422, "invalid-input"),
    "NUL": (wine_with(rf'"{SECRET}\u0000"'), 422, "invalid-input"),
    "duplicate key": (b'{"model":"wine","input":{"a":1,"a":2}}', 400, "duplicate-key"),
    "duplicate escaped key": (
        b'{"model":"wine","input":{"a":1,"\\u0061":2}}',
        400,
        "duplicate-key",
    ),
    "null": (b"null", 422, "invalid-input"),
    "array": (b"[]", 422, "invalid-input"),
    "string": (f'"{SECRET}"'.encode(), 422, "invalid-input"),
    "number": (b"1", 422, "invalid-input"),
    "unknown field": (field(owner=SECRET), 422, "unknown-field"),
    "webhook": (field(webhook=f"https://{SECRET}/"), 422, "webhook-address-forbidden"),
    "unknown input field": (field(input={"sugar": SECRET}), 422, "invalid-input"),
    "bool for number": (wine_with("true"), 422, "invalid-input"),
    "string for number": (wine_with('"5"'), 422, "invalid-input"),
    "no input": (b'{"model":"wine"}', 422, "invalid-input"),
    "no model": (b'{"input":{}}', 422, "invalid-input"),
    "model and version": (field(version="wine:1"), 422, "invalid-input"),
    "bare version": (b'{"version":"1","input":{}}', 422, "invalid-input"),
    "model is no text": (field(model=7), 422, "invalid-input"),
    "unknown model": (field(model="burgundy"), 404, "model-not-found"),
    "unknown version": (field(model="wine:9"), 404, "version-not-found"),
    "unknown alias": (field(model="wine@best"), 404, "version-not-found"),
    "unknown digest": (
        json.dumps({"version": "0" * 64, "input": {}}).encode(),
        404,
        "version-not-found",
    ),
    "rank": (tensors([[ROW]]), 422, "shape-mismatch"),
    "dimension": (tensors([ROW[1:]]), 422, "shape-mismatch"),
    "dtype": (tensors([[True] * 13]), 422, "shape-mismatch"),
    "tensor name": (
        json.dumps({"model": "tensors", "input": {SECRET: [ROW]}}).encode(),
        422,
        "shape-mismatch",
    ),
    "no rows": (tensors([]), 422, "invalid-input"),
    "too many rows": (tensors([ROW] * 5), 413, "input-too-large"),
    "ragged": (tensors([ROW, ROW[1:]]), 422, "shape-mismatch"),
    "strings in tensor": (tensors([[SECRET] * 13]), 422, "invalid-input"),
    "null in tensor": (tensors([[None] * 13]), 422, "invalid-input"),
    "input above the model's limit": (
        field(input={"alcohol": SECRET * 500}),
        413,
        "input-too-large",
    ),
    "broken base64": (
        field(model="digits", input={"image": f"data:image/png;base64,{SECRET}!"}),
        422,
        "invalid-input",
    ),
    "no image": (
        field(model="digits", input={"image": "data:image/png;base64,aGVsbG8gd29ybGQ="}),
        422,
        "invalid-image",
    ),
    "cut-off image": (picture(png_of(8, 8)[:40]), 422, "invalid-image"),
    "image bomb": (picture(png_of(20_000, 20_000)), 413, "image-too-large"),
    "SVG": (picture(b"<svg/>", "svg+xml"), 415, "unsupported-image"),
    "TIFF": (picture(b"II*\0" + b"\0" * 60), 415, "unsupported-image"),
    "GIF": (picture(b"GIF89a" + b"\0" * 60), 415, "unsupported-image"),
    "priority": (field(priority="urgent"), 422, "invalid-input"),
    "priority is no text": (field(priority=["high"]), 422, "invalid-input"),
    "no deadline": (field(deadline_seconds=0), 422, "invalid-input"),
    "negative deadline": (field(deadline_seconds=-1), 422, "invalid-input"),
    "far deadline": (field(deadline_seconds=10**9), 422, "invalid-input"),
    "bool deadline": (field(deadline_seconds=True), 422, "invalid-input"),
    "text deadline": (field(deadline_seconds="5"), 422, "invalid-input"),
    "stream is no flag": (field(stream=1), 422, "invalid-input"),
    "17 metadata keys": (field(metadata={str(n): n for n in range(17)}), 422, "invalid-input"),
    "large metadata": (field(metadata={"a": SECRET * 300}), 422, "invalid-input"),
    "nested metadata": (field(metadata={"a": {"b": SECRET}}), 422, "invalid-input"),
    "metadata is no object": (field(metadata=[SECRET]), 422, "invalid-input"),
}

BAD_NAMES = [
    "../../etc/passwd",
    "..%2f",
    "a/b",
    "\\",
    "-a",
    "C:",
    "",
    "w" * 300,
    "w\u0456ne",
    "wine\n",
]


@pytest.mark.parametrize(("body", "status", "kind"), BODIES.values(), ids=BODIES.keys())
def test_body_is_refused(
    client: TestClient, nothing_happened: Any, body: bytes, status: int, kind: str
) -> None:
    answer = client.post("/api/v1/predictions", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in json.dumps({**answer.json(), "errors": []})
    nothing_happened()


@pytest.mark.parametrize("name", BAD_NAMES)
def test_model_name_is_refused(client: TestClient, nothing_happened: Any, name: str) -> None:
    answer = client.post("/api/v1/predictions", content=field(model=name), headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-model-name"
    assert answer.json()["errors"][0]["pointer"] == "/model"
    nothing_happened()


HEADERS = {
    "no type": ({}, 415, "unsupported-media-type"),
    "text": ({"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
    "urlencoded": (
        {"Content-Type": "application/x-www-form-urlencoded"},
        415,
        "unsupported-media-type",
    ),
    "xml": ({"Content-Type": "application/xml"}, 415, "unsupported-media-type"),
    "latin-1": (
        {"Content-Type": "application/json; charset=latin-1"},
        415,
        "unsupported-media-type",
    ),
    "gzip": ({**JSON, "Content-Encoding": "gzip"}, 415, "unsupported-encoding"),
    "br": ({**JSON, "Content-Encoding": "br"}, 415, "unsupported-encoding"),
    "long key": ({**JSON, "Idempotency-Key": "k" * 256}, 422, "invalid-idempotency-key"),
    "empty key": ({**JSON, "Idempotency-Key": ""}, 422, "invalid-idempotency-key"),
    "empty quoted key": ({**JSON, "Idempotency-Key": '""'}, 422, "invalid-idempotency-key"),
    "half quoted key": ({**JSON, "Idempotency-Key": '"a'}, 422, "invalid-idempotency-key"),
    "no ASCII key": ({**JSON, "Idempotency-Key": b"k\xe9"}, 422, "invalid-idempotency-key"),
}


@pytest.mark.parametrize(("headers", "status", "kind"), HEADERS.values(), ids=HEADERS.keys())
def test_headers_are_refused(
    client: TestClient, nothing_happened: Any, headers: Any, status: int, kind: str
) -> None:
    answer = client.post("/api/v1/predictions", content=VALID, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert answer.headers["content-type"] == "application/problem+json"
    nothing_happened()


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "limit=101", "limit=abc", "limit=", "limit=1&limit=2", "limit=٣",
     "cursor=", "cursor=xx", "cursor=W10", "cursor=bnVsbA", "status=done", "model=%00", "model=..",
     "version=1", "version=wine:1&model=digits", "stauts=failed", "metadata=a", "metadata",
     "metadata.a=1&metadata.a=2", "created_after=", "created_after=yesterday",
     "created_after=2026-01-02", "created_before=2026-01-02T12:00:00", "created_before=1",
     "created_before=2026-13-02T12:00:00Z", "created_after=0001-01-01T00:00:00%2B23:59",
     "created_after=٢026-01-02T12:00:00Z", "&".join(f"metadata.{n}=1" for n in range(17))],
)  # fmt: skip
def test_list_parameter_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/v1/predictions?{query}")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-parameter"


@pytest.mark.parametrize(
    "id",
    ["1", "x" * 5000, "%00", "{01a1fc87-1a9a-75a7-a935-e4a57b58e64e}",
     "01A1FC87-1A9A-75A7-A935-E4A57B58E64E", "01a1fc87-1a9a-75a7-a935-e4a57b58e64e"],
)  # fmt: skip
def test_id_that_names_nothing_is_not_found(client: TestClient, id: str) -> None:
    answer = client.get(f"/api/v1/predictions/{id}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/api/v1/predictions", "GET, POST"),
        ("TRACE", "/api/v1/predictions", "GET, POST"),
        ("OPTIONS", "/api/v1/models", "GET"),
        ("POST", "/api/v1/predictions/01a1fc87-1a9a-75a7-a935-e4a57b58e64e", "GET, PUT"),
        ("GET", "/api/v1/models/wine/predictions", "POST"),
    ],
)
def test_wrong_method_is_told_the_right_ones(
    client: TestClient, method: str, path: str, allow: str
) -> None:
    answer = client.request(method, path, headers={"X-HTTP-Method-Override": "GET"})
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.json()["type"] == "/problems/method-not-allowed"


@pytest.mark.parametrize(
    "path", ["/api/v1/predictions/", "/API/v1/predictions", "/V1", "/api/v1", "/favicon.ico"]
)
def test_path_that_leads_nowhere_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert answer.headers["content-type"] == "application/problem+json"


def test_error_is_json_to_a_browser_too(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "application/problem+json"
