"""Without keys: what a browser says of the page behind a request, and what that may do."""

from typing import Any

import pytest

HERE = "http://127.0.0.1:8000"


@pytest.fixture
def post(with_settings: Any, submission: Any) -> Any:
    def run(headers: dict[str, str], **settings: Any) -> Any:
        _, client = with_settings(**settings)
        headers = {"Host": "127.0.0.1:8000"} | headers
        return client.post("/api/v1/predictions", json=submission, headers=headers)

    return run


def rebound(name: str) -> dict[str, str]:
    """A page of a name that was led to this machine after it had been loaded."""
    return {"Host": f"{name}:8000", "Origin": f"http://{name}:8000"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": HERE},
        {"Sec-Fetch-Site": "none"},
        {"Origin": HERE},
        {"Host": "[::1]:8000", "Origin": "http://[::1]:8000"},
        rebound("localhost"),
    ],
)
def test_programs_and_our_own_pages_may_submit(post: Any, headers: dict[str, str]) -> None:
    assert post(headers).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9000"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        rebound("evil.example"),
        rebound("127.0.0.1.evil.example"),
    ],
)
def test_a_page_of_another_origin_may_not(post: Any, rows: Any, headers: dict[str, str]) -> None:
    answer = post(headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/cross-origin")
    assert rows() == []


@pytest.mark.parametrize("path", ["/api/v1/files", "/api/v1/predictions/x/cancel", "/v2/x/infer"])
def test_nothing_else_that_changes_something_is_open_to_it(client: Any, path: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = client.request(method, path, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403


def test_what_changes_nothing_is(client: Any) -> None:
    assert client.get("/api/v1/models", headers={"Origin": "null"}).status_code == 200


@pytest.mark.parametrize(
    "known",
    [
        {"cors_origins": "http://ml.example.org:8000"},
        {"cors_origins": "*"},
        {"allowed_hosts": "ml.example.org"},
        {"allowed_hosts": "*.example.org"},
        {"public_url": "http://ml.example.org:8000/queuecast"},
    ],
)
def test_a_name_or_origin_that_is_known_may(post: Any, known: dict[str, str]) -> None:
    assert post(rebound("ml.example.org"), **known).status_code == 202


def test_who_sends_a_key_is_not_asked_where_from(keyed: Any, submission: Any) -> None:
    headers = keyed.headers() | {"Origin": "https://app.example.org"}
    answer = keyed.client.post("/api/v1/predictions", json=submission, headers=headers)
    assert answer.status_code == 202
