"""What a submission may say of webhooks; what it may not leaves nothing behind."""

from typing import Any

import pytest
from starlette.testclient import TestClient

URL = "https://hooks.example.com/a"


def refused_as(answer: Any) -> tuple[int, str, str]:
    content = answer.json()
    return answer.status_code, content["type"], content["errors"][0]["pointer"]


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({}, (None, None)),
        ({"webhook": None}, (None, None)),
        ({"webhook": URL}, (URL, "completed")),
        ({"webhook_completed": URL}, (URL, "completed")),
        ({"webhook": URL, "webhook_events_filter": ["completed"]}, (URL, "completed")),
        ({"webhook": URL, "webhook_events_filter": ["start"]}, (URL, "start")),
        ({"webhook": URL, "webhook_events_filter": ["logs", "start"]}, (URL, "start")),
        (
            {"webhook": URL, "webhook_events_filter": ["completed", "start"]},
            (URL, "start,completed"),
        ),
        ({"webhook": URL, "webhook_events_filter": ["output", "logs"]}, (URL, "")),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_stored(
    client: TestClient, submission: Any, rows: Any, fields: Any, stored: Any
) -> None:
    assert client.post("/api/v1/predictions", json=submission | fields).status_code == 202
    (row,) = rows()
    assert (row["webhook"], row["webhook_events"]) == stored


BAD_FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "plain http": ({"webhook": "http://hooks.example.com/"}, "invalid-webhook-url", "/webhook"),
    "ftp": ({"webhook": "ftp://hooks.example.com/"}, "invalid-webhook-url", "/webhook"),
    "javascript": ({"webhook": "javascript:alert(1)"}, "invalid-webhook-url", "/webhook"),
    "credentials": ({"webhook": "https://u:p@h.example/"}, "invalid-webhook-url", "/webhook"),
    "fragment": ({"webhook": f"{URL}#a"}, "invalid-webhook-url", "/webhook"),
    "port 25": ({"webhook": "https://h.example:25/"}, "invalid-webhook-url", "/webhook"),
    "long": ({"webhook": URL + "a" * 2048}, "invalid-webhook-url", "/webhook"),
    "CR LF": ({"webhook": f"{URL}\r\nX: y"}, "invalid-webhook-url", "/webhook"),
    "loopback": ({"webhook": "https://127.0.0.1/"}, "webhook-address-forbidden", "/webhook"),
    "hex": ({"webhook": "https://0x7f000001/"}, "webhook-address-forbidden", "/webhook"),
    "octal": ({"webhook": "https://0177.0.0.1/"}, "webhook-address-forbidden", "/webhook"),
    "decimal": ({"webhook": "https://2130706433/"}, "webhook-address-forbidden", "/webhook"),
    "digits": ({"webhook": "https://①②⑦.0.0.1/"}, "webhook-address-forbidden", "/webhook"),
    "mapped": ({"webhook": "https://[::ffff:7f00:1]/"}, "webhook-address-forbidden", "/webhook"),
    "metadata": (
        {"webhook_completed": "https://169.254.169.254/"},
        "webhook-address-forbidden",
        "/webhook_completed",
    ),
    "metadata name": (
        {"webhook": "https://metadata.google.internal/"},
        "webhook-address-forbidden",
        "/webhook",
    ),
    "no text": ({"webhook": 7}, "invalid-input", "/webhook"),
    "both": ({"webhook": URL, "webhook_completed": URL}, "invalid-input", "/webhook_completed"),
    "filter alone": (
        {"webhook_events_filter": ["start"]},
        "invalid-input",
        "/webhook_events_filter",
    ),
    "empty filter": (
        {"webhook": URL, "webhook_events_filter": []},
        "invalid-input",
        "/webhook_events_filter",
    ),
    "unknown event": (
        {"webhook": URL, "webhook_events_filter": ["progress"]},
        "invalid-input",
        "/webhook_events_filter",
    ),
    "nested event": (
        {"webhook": URL, "webhook_events_filter": [["start"]]},
        "invalid-input",
        "/webhook_events_filter",
    ),
}


@pytest.mark.parametrize(("fields", "kind", "where"), BAD_FIELDS.values(), ids=BAD_FIELDS.keys())
@pytest.mark.parametrize("bulk", [False, True])
def test_what_cannot_be_called_is_refused(
    client: TestClient,
    wine: Any,
    nothing_happened: Any,
    bulk: bool,
    fields: Any,
    kind: str,
    where: str,
) -> None:
    path, body = "/api/v1/predictions", {"model": "wine", "input": wine}
    if bulk:
        path, body = f"{path}/bulk", {"model": "wine", "inputs": [wine]}
    answer = client.post(path, json=body | fields)
    assert refused_as(answer) == (422, f"/problems/{kind}", where)
    assert "169.254" not in answer.text
    nothing_happened()


def test_a_form_says_the_same(client: TestClient, wine: Any, rows: Any) -> None:
    import orjson

    form = {"input": orjson.dumps(wine), "webhook": URL, "webhook_events_filter": '["start"]'}
    files = {name: (None, value) for name, value in form.items()}
    assert client.post("/api/v1/models/wine/predictions", files=files).status_code == 202
    assert rows()[0]["webhook_events"] == "start"


def test_each_of_a_bulk_has_the_webhook(client: TestClient, wine: Any, rows: Any) -> None:
    body = {"model": "wine", "inputs": [wine, wine], "webhook": URL}
    client.post("/api/v1/predictions/bulk", json=body)
    assert [row["webhook"] for row in rows()] == [URL, URL]


def test_another_webhook_is_another_request(client: TestClient, submission: Any) -> None:
    path = "/api/v1/predictions/01945e8a-0000-7000-8000-000000000000"
    assert client.put(path, json=submission | {"webhook": URL}).status_code == 202
    assert client.put(path, json=submission | {"webhook": URL}).status_code == 202
    for other in ({}, {"webhook": f"{URL}b"}):
        answer = client.put(path, json=submission | other)
        assert answer.json()["type"] == "/problems/idempotency-mismatch"
