from typing import Any

import pytest
from starlette.testclient import TestClient

from api.error_catalogue import answers
from shared.domain.failures import Failure

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("error", answers(), ids=lambda one: one.type)
def test_a_type_leads_to_its_explanation(client: TestClient, error) -> None:
    answer = client.get(f"/problems/{error.type}")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith(f"# {error.type}\n\n`{error.status}` **{error.title}.** ")


def test_the_type_of_an_answer_is_such_a_path(client: TestClient) -> None:
    assert client.get(client.get("/nowhere").json()["type"]).status_code == 200


def test_behind_a_proxy_it_is_one_below_the_prefix(with_settings: Any, submission: Any) -> None:
    _, client = with_settings(public_url="https://example.org/ml/")
    assert client.get("/nowhere").json()["type"] == "/ml/problems/not-found"
    assert client.get("/nowhere", headers={"a": "b" * 20_000}).json()["type"].startswith("/ml/")
    body = {"model": "wine", "inputs": [submission["input"], {}]}
    refused = client.post("/api/v1/predictions/bulk", json=body).json()["results"][1]
    assert refused["problem"]["type"] == "/ml/problems/invalid-input"


def test_a_browser_is_shown_a_page_without_scripts(client: TestClient) -> None:
    answer = client.get("/problems/invalid-input", headers=HTML)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>The input is not valid</h1>" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_all_are_listed_with_the_codes_of_failed_jobs(client: TestClient) -> None:
    for headers in ({}, HTML):
        text = client.get("/problems", headers=headers).text
        assert all(error.type in text for error in answers())
        assert all(failure.value in text for failure in Failure)


def test_another_type_is_not_found(client: TestClient) -> None:
    answer = client.get("/problems/nonsense")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
