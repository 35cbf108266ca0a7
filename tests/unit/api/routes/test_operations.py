import html
import re
import shlex
from typing import Any

import pytest
from starlette.testclient import TestClient


def test_root_is_alive(client: TestClient) -> None:
    answer = client.get("/").json()
    assert answer["status"] == "alive"
    for link in answer["links"].values():
        assert client.get(link).status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_healthy_process_is_ok(client: TestClient, path: str) -> None:
    assert client.get(path).json() == {"status": "ok"}


def test_ready_without_database_is_a_problem(client: TestClient, lose_database: Any) -> None:
    lose_database()
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert client.get("/health/live").status_code == 200


def test_system_health_is_always_200(client: TestClient) -> None:
    answer = client.get("/health/system")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_metrics_count_accepted_and_refused(client: TestClient, submission: Any) -> None:
    client.post("/api/v1/predictions", json=submission)
    client.post("/api/v1/predictions", json={})
    text = client.get("/metrics").text
    assert 'queuecast_jobs_accepted_total{model="wine"}' in text
    assert 'queuecast_submits_refused_total{type="invalid-input"}' in text


def test_docs_page_loads_nothing(client: TestClient) -> None:
    answer = client.get("/docs")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in answer.text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer.text)


def test_commands_of_the_docs_page_work(client: TestClient) -> None:
    commands = re.findall(r"<pre>(curl .*?)</pre>", client.get("/docs").text, re.DOTALL)
    submits = [shlex.split(html.unescape(one)) for one in commands if "-d" in one]
    posts = [words for words in submits if "PUT" not in words]
    assert len(posts) >= 4
    for words in posts:
        headers = {"Content-Type": "application/json"}
        answer = client.post(words[1], content=words[words.index("-d") + 1], headers=headers)
        assert answer.status_code == 202
