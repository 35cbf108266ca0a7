from typing import Any

import pytest
from starlette.testclient import TestClient

from api.cursors import encode_cursor
from shared.jobs import listing

PREDICTIONS = "/api/v1/predictions"


@pytest.fixture
def found(client: TestClient) -> Any:
    """The ids that a query finds, newest first."""

    def read(query: str) -> list[str]:
        return [one["id"] for one in client.get(f"{PREDICTIONS}?{query}").json()["results"]]

    return read


def test_list_is_newest_first_in_pages(client: TestClient, submission: Any) -> None:
    ids = [client.post(PREDICTIONS, json=submission).json()["id"] for _ in range(5)]
    seen, url = [], f"{PREDICTIONS}?limit=2"
    while url:
        page = client.get(url).json()
        seen += [one["id"] for one in page["results"]]
        url = page["next"]
    assert seen == ids[::-1]


def test_list_can_be_walked_back(client: TestClient, submission: Any) -> None:
    for _ in range(5):
        client.post(PREDICTIONS, json=submission)
    first = client.get(f"{PREDICTIONS}?limit=2").json()
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    assert (first["previous"], third["next"]) == (None, None)
    assert client.get(third["previous"]).json()["results"] == second["results"]
    back = client.get(client.get(third["previous"]).json()["previous"]).json()
    assert (back["results"], back["previous"]) == (first["results"], None)


def test_list_filters(
    client: TestClient, submission: Any, registry: Any, finish: Any, found: Any
) -> None:
    done = client.post(PREDICTIONS, json=submission).json()["id"]
    finish(done)
    digits = {"model": "digits:1", "input": registry.models["digits"].example}
    waiting = client.post(PREDICTIONS, json=digits).json()["id"]

    assert found("status=succeeded") == found("model=wine") == found("version=wine:1") == [done]
    assert found("status=starting") == found("version=digits:1&model=digits") == [waiting]
    assert found("model=nothing") == found("version=digits:2") == []


def test_list_finds_metadata(client: TestClient, submission: Any, found: Any) -> None:
    notes = [{"order": "A-7", "run": 3}, {"order": "A-8", "run": 3}]
    ids = [
        client.post(PREDICTIONS, json=submission | {"metadata": one}).json()["id"] for one in notes
    ]

    assert found("metadata.order=A-7") == found("metadata.run=3&metadata.order=A-7") == [ids[0]]
    assert found("metadata.run=3") == found("metadata.run=3&model=wine") == ids[::-1]
    assert found("metadata.run=4") == found("metadata.order=") == []


def test_list_is_bounded_in_time(client: TestClient, submission: Any, found: Any) -> None:
    made = [client.post(PREDICTIONS, json=submission).json() for _ in range(3)]

    middle = made[1]["created_at"]
    assert found(f"created_after={middle}") == [made[2]["id"], made[1]["id"]]
    assert found(f"created_before={middle}") == [made[1]["id"], made[0]["id"]]
    assert found("created_after=2999-01-01T00:00:00-01:00") == []


def test_a_page_that_has_looked_enough_leads_on(
    client: TestClient, submission: Any, finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LOOKED_AT", 2)
    ids = [client.post(PREDICTIONS, json=submission).json()["id"] for _ in range(5)]
    finish(ids[0])
    seen, url, pages = [], f"{PREDICTIONS}?status=succeeded&limit=2", 0
    while url:
        page = client.get(url).json()
        seen, url, pages = seen + [one["id"] for one in page["results"]], page["next"], pages + 1
    assert (seen, pages) == ([ids[0]], 3)


@pytest.mark.parametrize(
    "place", [[], ["older"], ["older", "x", "y"], ["older", 1, "y"], ["newer", "2026-01-02", 3]]
)
def test_a_cursor_that_somebody_made_up_is_refused(client: TestClient, place: list[Any]) -> None:
    cursor = encode_cursor(place, "predictions", "default", "")
    assert client.get(f"{PREDICTIONS}?cursor={cursor}").status_code == 422


def test_cursor_of_other_filters_is_refused(client: TestClient, submission: Any) -> None:
    for _ in range(2):
        client.post(PREDICTIONS, json=submission)
    following = client.get(f"{PREDICTIONS}?limit=1&model=wine").json()["next"]
    assert client.get(following).status_code == 200
    assert client.get(following.replace("model=wine", "model=digits")).status_code == 422
