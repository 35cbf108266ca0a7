import json
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

BULK = "/api/v1/predictions/bulk"
JSON = {"Content-Type": "application/json"}
SECRET = "xyzzy-never-echoed"
KEY = {"Idempotency-Key": "night-7"}


@pytest.fixture
def wines(wine: dict[str, float]) -> list[dict[str, float]]:
    return [wine | {"alcohol": 11 + number / 100} for number in range(250)]


@pytest.fixture
def good(wine: dict[str, float]) -> bytes:
    return json.dumps(wine).encode()


def listed(*inputs: bytes, model: str = "wine") -> bytes:
    return b'{"model":"%b","inputs":[%b]}' % (model.encode(), b",".join(inputs))


def ids(answer: Any) -> list[str]:
    return [one["prediction"]["id"] for one in answer.json()["results"]]


def test_each_input_is_a_job_of_its_own(
    client: TestClient, container: Any, rows: Any, wines: Any
) -> None:
    answer = client.post(BULK, json={"model": "wine", "inputs": wines})
    told = answer.json()
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "1")
    assert (told["accepted"], told["refused"]) == (250, 0)
    assert [one["prediction"]["input"] for one in told["results"]] == wines
    assert {row["id"] for row in rows()} == set(ids(answer))
    assert {move.entry.id for move in container.backlogs.moves} == set(ids(answer))


def test_options_hold_for_all(client: TestClient, rows: Any, wines: Any) -> None:
    options = {"priority": "low", "deadline_seconds": 60, "metadata": {"a": 1}, "stream": False}
    answer = client.post(BULK, json={"model": "wine:1", "inputs": wines[:3]} | options)
    told = [one["prediction"] for one in answer.json()["results"]]
    assert [(one["priority"], one["metadata"]) for one in told] == [("low", {"a": 1})] * 3
    assert {row["deadline_at"] - row["created_at"] for row in rows()} == {
        rows()[0]["deadline_at"] - rows()[0]["created_at"]
    }


def test_an_input_is_the_same_job_as_when_it_is_sent_alone(
    client: TestClient, rows: Any, submission: Any
) -> None:
    client.post("/api/v1/predictions", json=submission)
    client.post(BULK, json={"model": "wine", "inputs": [submission["input"]]})
    alone, of_many = rows()
    same = {"body_hash", "input_hash", "input", "input_bytes", "priority"}
    assert {name: alone[name] for name in same} == {name: of_many[name] for name in same}


def test_the_body_may_be_larger_than_others(client: TestClient, rows: Any, good: bytes) -> None:
    padded = good + b" " * 10_000
    answer = client.post(BULK, content=listed(*[padded] * 20), headers=JSON)
    assert (answer.status_code, answer.json()["accepted"], len(rows())) == (202, 20, 20)


def test_where_all_are_refused_nothing_is_pending(
    client: TestClient, nothing_happened: Any
) -> None:
    answer = client.post(BULK, content=listed(b"{}", b"nul"), headers=JSON)
    assert (answer.status_code, answer.json()["refused"]) == (200, 2)
    assert "retry-after" not in answer.headers
    nothing_happened()


def test_the_same_key_again_gives_the_same_jobs(client: TestClient, rows: Any, wines: Any) -> None:
    body = {"model": "wine", "inputs": wines}
    first, second = (client.post(BULK, json=body, headers=KEY) for _ in range(2))
    assert ids(first) == ids(second)
    assert len(rows()) == 250


def test_under_a_key_another_input_is_refused_alone(
    client: TestClient, rows: Any, wines: Any
) -> None:
    client.post(BULK, json={"model": "wine", "inputs": wines[:3]}, headers=KEY)
    changed = [wines[0], wines[9], wines[2], wines[3]]
    answer = client.post(BULK, json={"model": "wine", "inputs": changed}, headers=KEY).json()
    assert (answer["accepted"], answer["refused"], len(rows())) == (3, 1, 4)
    assert answer["results"][1]["problem"]["type"] == "/problems/idempotency-mismatch"


def test_a_key_of_a_bulk_is_not_the_key_of_a_single_submit(
    client: TestClient, rows: Any, submission: Any
) -> None:
    client.post("/api/v1/predictions", json=submission, headers=KEY)
    client.post(BULK, json={"model": "wine", "inputs": [submission["input"]]}, headers=KEY)
    assert len(rows()) == 2


def test_all_that_had_ended_before_answer_200(
    client: TestClient, container: Any, good: bytes
) -> None:
    first = client.post(BULK, content=listed(good), headers=JSON | KEY)
    client.post(f"/api/v1/predictions/{ids(first)[0]}/cancel")
    again = client.post(BULK, content=listed(good), headers=JSON | KEY)
    assert (again.status_code, ids(again)) == (200, ids(first))


def test_without_sql_the_whole_request_is_to_be_sent_again(
    client: TestClient, lose_database: Any, good: bytes
) -> None:
    lose_database()
    answer = client.post(BULK, content=listed(good, b"nul"), headers=JSON)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert "retry-after" in answer.headers


def test_when_sql_goes_half_way_the_rest_is_refused(
    client: TestClient, container: Any, lose_database: Any, wines: Any, monkeypatch: Any
) -> None:
    submit = container.submitter.submit

    async def submit_and_lose(job: Any) -> Any:
        accepted = await submit(job)
        if job.input == orjson.dumps(wines[99]):
            lose_database()
        return accepted

    monkeypatch.setattr(container.submitter, "submit", submit_and_lose)
    told = client.post(BULK, json={"model": "wine", "inputs": wines}).json()
    assert (told["accepted"], told["refused"]) == (100, 150)
    assert {one["problem"]["status"] for one in told["results"][100:]} == {503}


def test_a_contract_that_raises_harms_one_input_only(
    client: TestClient, registry: Any, rows: Any, wines: Any, monkeypatch: Any
) -> None:
    model = registry.models["wine"]

    def validate(_version: Any, value: Any) -> None:
        if value == wines[1]:
            raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(model.contract, "validate", validate)
    told = client.post(BULK, json={"model": "wine", "inputs": wines[:3]})
    assert told.json()["results"][1]["problem"]["type"] == "/problems/internal-error"
    assert SECRET not in told.text
    assert len(rows()) == 2
