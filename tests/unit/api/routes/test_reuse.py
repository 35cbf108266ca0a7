from typing import Any

import pytest
from starlette.testclient import TestClient

from shared.domain.ids import new_job_id
from shared.result_cache.results import Answer

PREDICTIONS = "/api/v1/predictions"
BULK = f"{PREDICTIONS}/bulk"


@pytest.fixture
def known(container: Any) -> None:
    """Somebody has had the result of every input."""
    container.results.answer = Answer("x", {"status": "succeeded", "output": {"label": "barolo"}})


@pytest.fixture
def asked(container: Any) -> Any:
    """Calling it gives, for each question to the result cache, whether an answer would do."""
    return lambda: [question.reuse for question in container.results.asked]


@pytest.mark.parametrize(
    ("headers", "flags"),
    [
        ({}, [True]),
        ({"Cache-Control": "no-cache"}, [False]),
        ({"Cache-Control": "no-store"}, []),
    ],
)
def test_a_request_says_whether_an_earlier_result_will_do(
    client: TestClient, submission: Any, asked: Any, headers: Any, flags: Any
) -> None:
    assert client.post(PREDICTIONS, json=submission, headers=headers).status_code == 202
    assert asked() == flags


def test_a_known_result_is_answered_at_once(
    client: TestClient, container: Any, submission: Any, known: None
) -> None:
    answer = client.post(PREDICTIONS, json=submission)
    prediction = answer.json()
    assert (answer.status_code, prediction["cache"]) == (200, "hit")
    assert (prediction["status"], prediction["output"]) == ("succeeded", {"label": "barolo"})
    assert answer.headers["location"] == prediction["urls"]["get"]
    assert "retry-after" not in answer.headers
    assert container.backlogs.moves == []
    assert client.get(prediction["urls"]["get"]).json() == prediction


def test_who_would_wait_for_a_known_result_does_not(
    client: TestClient, submission: Any, known: None
) -> None:
    answer = client.post(PREDICTIONS, json=submission, headers={"Prefer": "wait=30"})
    assert (answer.status_code, answer.json()["cache"]) == (200, "hit")


def test_a_known_result_sent_for_again_is_the_same_job(
    client: TestClient, submission: Any, rows: Any, known: None
) -> None:
    url = f"{PREDICTIONS}/{new_job_id()}"
    first, again = (client.put(url, json=submission) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert len(rows()) == 1


def test_a_model_that_is_no_function_of_its_input_always_runs(
    client: TestClient, registry: Any, asked: Any, known: None
) -> None:
    body = {"model": "tensors", "input": registry.models["tensors"].example}
    answers = [client.post(PREDICTIONS, json=body) for _ in range(2)]
    assert [(one.status_code, one.json()["cache"]) for one in answers] == [(202, "miss")] * 2
    assert asked() == []


def test_equal_inputs_of_a_bulk_run_once(
    client: TestClient, container: Any, submission: Any, wine: Any
) -> None:
    told = client.post(BULK, json={"model": "wine", "inputs": [wine] * 5}).json()["results"]
    states = [one["prediction"]["cache"] for one in told]
    assert states == ["miss", *["joined"] * 4]
    assert len(container.backlogs.moves) == 1


def test_a_bulk_says_whether_earlier_results_will_do(
    client: TestClient, wine: Any, asked: Any, known: None
) -> None:
    body = {"model": "wine", "inputs": [wine]}
    fresh = client.post(BULK, json=body, headers={"Cache-Control": "no-cache"})
    answers = [fresh, client.post(BULK, json=body)]
    assert [one.json()["results"][0]["prediction"]["cache"] for one in answers] == ["miss", "hit"]
    assert asked() == [False, True]


def test_equal_inputs_have_equal_hashes_however_they_are_written(
    client: TestClient, container: Any, submission: Any, wine: Any
) -> None:
    for written in (wine, wine | {"alcohol": 13.0}, dict(reversed(wine.items()))):
        client.post(PREDICTIONS, json=submission | {"input": written})
    first, other, turned = (question.input_hash for question in container.results.asked)
    assert first == turned != other


def test_every_version_has_hashes_of_its_own(
    client: TestClient, container: Any, registry: Any
) -> None:
    example = registry.models["digits"].example
    for reference in ("digits:1", "digits:2", "digits@champion"):
        client.post(PREDICTIONS, json={"model": reference, "input": example})
    hashes = [question.input_hash for question in container.results.asked]
    assert len(set(hashes)) == 2
