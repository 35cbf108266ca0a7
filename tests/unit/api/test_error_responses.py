from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from shared import errors
from shared.container import Container
from shared.errors import QueuecastError


def subclasses(kind: type[QueuecastError]) -> list[type[QueuecastError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in subclasses(child))]


@pytest.mark.parametrize("kind", subclasses(errors.RequestError) + subclasses(errors.BusyError))
def test_each_error_that_a_request_meets_has_a_status_and_a_type(kind: Any) -> None:
    assert kind.status in range(400, 600)
    if kind is not errors.BusyError:
        assert kind.type != QueuecastError.type


def test_types_are_distinct() -> None:
    types = [kind.type for kind in subclasses(errors.RequestError)]
    assert len(types) == len(set(types))


def test_busy_answers_say_when_to_come_back(
    client: TestClient, lose_database: Any, submission: Any
) -> None:
    lose_database()
    answer = client.post("/api/v1/predictions", json=submission)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["type"] == "/problems/unavailable"


def test_problem_names_the_path_and_the_request(client: TestClient) -> None:
    answer = client.get("/nowhere")
    assert answer.json() == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "there is nothing at this path",
        "instance": "/nowhere",
        "request_id": answer.headers["x-request-id"],
    }


def test_what_nobody_expected_is_a_problem_too(client: TestClient, monkeypatch: Any) -> None:
    monkeypatch.setattr("api.routes.models.model_view", lambda *_: 1 / 0)
    answer = client.get("/api/v1/models/wine")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "ZeroDivisionError" not in answer.text


def test_a_database_whose_disk_is_full_is_507(
    client: TestClient, container: Container, submission: dict[str, Any]
) -> None:
    @event.listens_for(container.engine, "connect")
    def bound(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # what it has, it may keep

    container.engine.dispose()
    big = submission | {"metadata": {"a": "x" * 4000}}
    answers = [client.post("/api/v1/predictions", json=big) for _ in range(20)]
    answer = next(one for one in answers if one.status_code != 202)
    assert (answer.status_code, answer.json()["type"]) == (507, "/problems/storage-full")
    assert answer.headers["retry-after"] == "30"
    assert client.get("/api/v1/predictions").status_code == 200
