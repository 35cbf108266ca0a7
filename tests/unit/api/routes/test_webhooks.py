import base64
import os
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from shared.container import Container
from shared.db.engine import writing
from shared.webhooks import endpoints

API = "/api/v1"
URL = "https://hooks.example.com/a"
NOBODY = "01945e8a-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def key(container: Container) -> None:
    key = base64.urlsafe_b64encode(os.urandom(32))
    container.settings.secrets_key_file.write_bytes(key)


@pytest.fixture
def rung(container: Any) -> list[Any]:
    rung: list[Any] = container.backlogs.rung
    return rung


@pytest.fixture
def prediction(client: TestClient, submission: Any, rung: Any) -> str:
    """One that has ended, of which a webhook tells."""
    created = client.post(f"{API}/predictions", json=submission | {"webhook": URL}).json()["id"]
    client.post(f"{API}/predictions/{created}/cancel")
    return str(created)


@pytest.fixture
def failing(container: Container) -> Callable[..., None]:
    def make(url: str, tenant: str = "default", *, gone: bool = False) -> None:
        with writing(container.engine) as connection:
            endpoints.failed(connection, tenant, url, container.clock.now(), gone=gone)

    return make


def test_the_secret_is_one_until_it_is_rotated(client: TestClient) -> None:
    first = client.get(f"{API}/webhooks/default/secret")
    assert first.json()["key"].startswith("whsec_")
    assert first.headers["cache-control"] == "no-store"
    assert client.get(f"{API}/webhooks/default/secret").json() == first.json()
    rotated = client.post(f"{API}/webhooks/default/secret/rotate").json()
    assert rotated != first.json()
    assert client.get(f"{API}/webhooks/default/secret").json() == rotated


def test_without_a_key_there_is_no_secret(client: TestClient, container: Container) -> None:
    container.settings.secrets_key_file.unlink()
    answer = client.get(f"{API}/webhooks/default/secret")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")


def test_the_deliveries_of_a_prediction(client: TestClient, prediction: str, rung: Any) -> None:
    (one,) = client.get(f"{API}/predictions/{prediction}/deliveries").json()["results"]
    assert (one["prediction"], one["event"], one["url"]) == (prediction, "completed", URL)
    assert (one["status"], one["attempts"], one["finished_at"]) == ("pending", [], None)
    assert one["next_attempt_at"] == one["created_at"]
    assert client.get(one["urls"]["get"]).json() == one
    assert len(rung) == 1


def test_a_prediction_without_webhook_has_no_deliveries(
    client: TestClient, submission: Any
) -> None:
    created = client.post(f"{API}/predictions", json=submission).json()["id"]
    assert client.get(f"{API}/predictions/{created}/deliveries").json()["results"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/predictions/{NOBODY}/deliveries"),
        ("GET", f"/deliveries/{NOBODY}"),
        ("GET", "/deliveries/x"),
        ("POST", f"/deliveries/{NOBODY}/replay"),
        ("POST", f"/webhooks/endpoints/{'0' * 32}/enable"),
        ("POST", "/webhooks/endpoints/x/enable"),
    ],
)
def test_what_is_not_there_is_not_found(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, API + path)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_what_is_not_finished_cannot_be_replayed(client: TestClient, prediction: str) -> None:
    (one,) = client.get(f"{API}/predictions/{prediction}/deliveries").json()["results"]
    answer = client.post(one["urls"]["replay"])
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/invalid-state")
    assert answer.headers["retry-after"] == "5"


def test_a_test_event_is_a_delivery(client: TestClient, rung: Any) -> None:
    answer = client.post(f"{API}/webhooks/default/test", json={"url": URL})
    assert answer.status_code == 202
    assert (answer.json()["event"], answer.json()["prediction"]) == ("test", None)
    assert "prediction" not in answer.json()["urls"]
    assert len(rung) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "invalid-input"),
        ([], "invalid-input"),
        ({"url": 7}, "invalid-input"),
        ({"url": URL, "more": 1}, "unknown-field"),
        ({"url": "https://127.0.0.1/"}, "webhook-address-forbidden"),
        ({"url": "http://hooks.example.com/"}, "invalid-webhook-url"),
    ],
)
def test_a_test_is_checked_like_any_webhook(client: TestClient, body: Any, kind: str) -> None:
    answer = client.post(f"{API}/webhooks/default/test", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{kind}")


def test_endpoints_in_trouble_are_listed_in_pages(client: TestClient, failing: Any) -> None:
    for number in range(3):
        failing(f"{URL}{number}", gone=number == 0)
    failing(URL, tenant="other")
    first = client.get(f"{API}/webhooks/endpoints?limit=2").json()
    second = client.get(first["next"]).json()
    found = [*first["results"], *second["results"]]
    assert (len(first["results"]), second["next"]) == (2, None)
    assert {one["url"]: one["status"] for one in found} == {
        f"{URL}0": "disabled",
        f"{URL}1": "failing",
        f"{URL}2": "failing",
    }


def test_an_endpoint_is_enabled_again(client: TestClient, failing: Any) -> None:
    failing(URL, gone=True)
    (one,) = client.get(f"{API}/webhooks/endpoints").json()["results"]
    assert (one["status"], one["reason"]) == ("disabled", "gone")
    enabled = client.post(one["urls"]["enable"]).json()
    assert (enabled["status"], enabled["disabled_at"]) == ("enabled", None)
    assert client.get(f"{API}/webhooks/endpoints").json()["results"] == []
