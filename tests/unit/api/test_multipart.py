import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from shared.settings import BUNDLED_MODELS_DIR

DIGITS = "/api/v1/models/digits/predictions"


@pytest.fixture
def digit() -> bytes:
    samples: list[Path] = sorted((BUNDLED_MODELS_DIR / "digits" / "samples").glob("*.png"))
    return samples[0].read_bytes()


def sent(container: Any) -> Any:
    [move] = container.backlogs.moves
    return json.loads(move.entry.payload)


def test_file_becomes_the_input_field_of_its_name(
    client: TestClient, container: Any, digit: bytes
) -> None:
    answer = client.post(DIGITS, files={"image": ("digit.bin", digit, "text/plain")})
    assert answer.status_code == 202
    assert sent(container)["image"].startswith("data:image/png;base64,")


def test_a_file_goes_with_the_model_in_one_form(
    client: TestClient, container: Any, digit: bytes
) -> None:
    parts = {
        "model": (None, "digits@champion"),
        "image": ("d.png", digit),
        "priority": (None, "low"),
    }
    answer = client.post("/api/v1/predictions", files=parts)
    assert (answer.status_code, answer.json()["version"]) == (202, "digits:2")
    assert sent(container)["image"].startswith("data:image/png;base64,")


def test_a_form_may_name_an_uploaded_file(client: TestClient, container: Any, digit: bytes) -> None:
    file = client.post("/api/v1/files", files={"content": ("d.png", digit)}).json()
    fields = json.dumps({"image": file["urls"]["get"]})
    assert client.post(DIGITS, files={"input": (None, fields)}).status_code == 202
    assert sent(container)["image"].startswith("data:image/png;base64,")


def test_input_part_holds_json(client: TestClient, container: Any, wine: Any) -> None:
    parts = {"model": "wine", "input": json.dumps(wine), "priority": "high", "metadata": '{"a":1}'}
    answer = client.post(
        "/api/v1/predictions", files={name: (None, v) for name, v in parts.items()}
    )
    assert answer.status_code == 202
    assert (answer.json()["priority"], answer.json()["metadata"]) == ("high", {"a": 1})
    assert sent(container) == wine


def test_form_and_json_are_the_same_request(client: TestClient, digit: bytes) -> None:
    key = {"Idempotency-Key": "once"}
    first = client.post(DIGITS, files={"image": ("d.png", digit)}, headers=key)
    prediction = client.get(first.json()["urls"]["input"]).json()
    second = client.post(DIGITS, json={"input": prediction}, headers=key)
    assert second.json()["id"] == first.json()["id"]


@pytest.mark.parametrize(
    ("parts", "status", "kind"),
    [
        ([("input", (None, "{"))], 400, "malformed-json"),
        ([("input", (None, '{"a":"\\u0000"}'))], 422, "invalid-input"),
        ([("input", (None, "{}")), ("input", (None, "{}"))], 400, "duplicate-key"),
        ([("input", (None, '{"image":1}')), ("image", ("a", b"x"))], 400, "duplicate-key"),
        ([("input", (None, "[]")), ("image", ("a", b"x"))], 422, "invalid-input"),
        ([("colour", (None, "red"))], 422, "unknown-field"),
        ([("image", ("a.png", b"no image"))], 422, "invalid-image"),
        ([("image", ("a.gif", b"GIF89a" + bytes(40)))], 415, "unsupported-image"),
        ([(f"part{n}", ("a", b"")) for n in range(40)], 400, "bad-request"),
    ],
)
def test_form_is_refused(
    client: TestClient, nothing_happened: Any, parts: Any, status: int, kind: str
) -> None:
    answer = client.post(DIGITS, files=parts)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    nothing_happened()


@pytest.mark.parametrize("header", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_broken_form_is_refused(client: TestClient, nothing_happened: Any, header: str) -> None:
    answer = client.post(DIGITS, content=b"--y\r\n\r\n", headers={"Content-Type": header})
    assert answer.status_code == 400
    nothing_happened()
