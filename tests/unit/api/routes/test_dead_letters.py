from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from shared.container import Container
from shared.db.engine import writing
from shared.domain.failures import Failure
from shared.domain.outcome import Outcome
from shared.jobs import lifecycle
from shared.jobs.lifecycle import End

LETTERS = "/api/v1/dead-letters"


@pytest.fixture
def bury(client: TestClient, container: Container, submission: Any) -> Callable[..., str]:
    """Makes a job that failed so, and gives its id."""

    def make(code: Failure = Failure.WORKER_LOST) -> str:
        created: str = client.post("/api/v1/predictions", json=submission).json()["id"]
        end = End(created, None, Outcome.failed(code, "it broke"))
        with writing(container.engine) as connection:
            lifecycle.finish(connection, [end], container.clock.now())
        return created

    return make


def test_a_letter_says_what_happened_and_where_to_go_on(client: TestClient, bury: Any) -> None:
    letter = bury()
    [shown] = client.get(LETTERS).json()["results"]
    assert shown == client.get(f"{LETTERS}/{letter}").json()
    assert (shown["id"], shown["error_code"], shown["version"]) == (letter, "worker_lost", "wine:1")
    assert (shown["has_input"], shown["retried_as"]) == (True, None)
    assert client.get(shown["urls"]["prediction"]).json()["status"] == "failed"


def test_a_list_goes_on_behind_its_cursor(client: TestClient, bury: Any) -> None:
    ids = [bury() for _ in range(3)]
    first = client.get(f"{LETTERS}?limit=2&code=worker_lost").json()
    second = client.get(first["next"]).json()
    assert [one["id"] for one in (*first["results"], *second["results"])] == ids[::-1]
    assert second["next"] is None


def test_two_clicks_make_one_job(client: TestClient, bury: Any, rows: Any) -> None:
    url = f"{LETTERS}/{bury()}/retry"
    first, second = client.post(url), client.post(url)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.headers["location"] == second.headers["location"]
    assert first.json()["retry_of"] in url
    assert len(rows()) == 2


def test_many_are_sent_again_and_removed(client: TestClient, bury: Any, rows: Any) -> None:
    bury(Failure.INPUT_LOST)
    bury()
    chosen = f"{LETTERS}/retry?code=worker_lost&model=wine"
    assert client.post(chosen).json() == {"retried": 1, "more": False}
    assert client.delete(f"{LETTERS}?retried=true").json() == {"purged": 1, "more": False}
    [left] = client.get(LETTERS).json()["results"]
    assert left["error_code"] == "input_lost"
    assert client.delete(f"{LETTERS}/{left['id']}").status_code == 204
    assert [row["status"] for row in rows()] == ["queued"]


def test_what_is_no_letter_is_not_found(client: TestClient, submission: Any) -> None:
    running = client.post("/api/v1/predictions", json=submission).json()["id"]
    for job_id in (running, "x"):
        assert client.get(f"{LETTERS}/{job_id}").status_code == 404
        assert client.post(f"{LETTERS}/{job_id}/retry").status_code == 404
        assert client.delete(f"{LETTERS}/{job_id}").status_code == 404


@pytest.mark.parametrize(
    "query", ["code=invalid_input", "retried=1", "model=..", "died_after=today", "cursor=x", "a=b"]
)
def test_filters_are_read_strictly(client: TestClient, query: str) -> None:
    answer = client.get(f"{LETTERS}?{query}")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-parameter")
