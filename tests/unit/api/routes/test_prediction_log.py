"""The prediction log over HTTP."""

import csv
import json
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import pytest

from shared.domain.ids import new_job_id


@pytest.fixture
def ended(client: Any, submission: Any, finish: Any) -> Any:
    """Makes a prediction that has answered `barolo`; gives its id."""

    def make() -> str:
        wine = submission["input"] | {"proline": 1000.0 + len(made)}
        made.append(client.post("/api/v1/predictions", json=submission | {"input": wine}))
        job_id: str = made[-1].json()["id"]
        finish(job_id)
        return job_id

    made: list[Any] = []
    return make


@pytest.fixture
def say(client: Any) -> Any:
    def run(id: str, **truth: Any) -> Any:
        return client.post(f"/api/v1/predictions/{id}/feedback", json=truth)

    return run


def test_a_row_tells_what_was_asked_and_what_came_out(client: Any, ended: Any) -> None:
    one = ended()
    [row] = client.get("/api/v1/prediction-log").json()["results"]
    assert (row["id"], row["version"], row["status"], row["label"]) == (
        one, "wine:1", "succeeded", "barolo",
    )  # fmt: skip
    assert (row["feedback"], row["input"], row["metrics"]["batch_size"]) == (None, None, 3)
    assert "output" not in row
    whole = client.get(row["urls"]["get"]).json()
    assert whole == row | {"output": {"label": "barolo"}}


def test_pages_lead_from_the_newest_to_the_oldest(client: Any, ended: Any) -> None:
    made, url, found = [ended() for _ in range(5)], "/api/v1/prediction-log?limit=2&model=wine", []
    while url:
        page = client.get(url).json()
        assert page["previous"] is None
        found += [one["id"] for one in page["results"]]
        url = page["next"]
    assert found == made[::-1]


REFUSED = (
    "model=wine&nonsense=1", "model=No", "version=1", "status=done", "error_code=A", "cache=no",
    "label=barolo", "model=wine&label=", "model=wine&label=%00", "input_hash=abc", "limit=0",
    "completed_after=today", "cursor=x", "model=wine&model=wine", "model=digits&version=wine:1",
)  # fmt: skip


def test_feedback_on_many_is_given_and_not_read(client: Any) -> None:
    answer = client.get("/api/v1/prediction-log/feedback")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_what_it_does_not_know_is_refused(client: Any) -> None:
    for query in REFUSED:
        answer = client.get(f"/api/v1/prediction-log?{query}")
        assert answer.status_code == 422, query
        assert answer.json()["type"] == "/problems/invalid-parameter"


def test_a_cursor_is_good_for_its_filters_only(client: Any, ended: Any) -> None:
    ended(), ended()
    following = client.get("/api/v1/prediction-log?limit=1").json()["next"]
    assert client.get(f"{following}&status=failed").status_code == 422


def test_what_is_not_in_the_log_is_not_found(client: Any, submission: Any) -> None:
    running = client.post("/api/v1/predictions", json=submission).json()["id"]
    for one in (running, new_job_id(), "no-id"):
        assert client.get(f"/api/v1/prediction-log/{one}").status_code == 404


def test_feedback_stands_beside_what_was_predicted(client: Any, ended: Any, say: Any) -> None:
    one = ended()
    said = say(one, label="barbera", source="lab", comment="tasted").json()
    assert (said["right"], said["predicted_label"], said["changes"]) == (False, "barolo", 0)
    assert say(one, label="barbera", source="lab", comment="tasted").json() == said
    assert say(one, label="barolo").json()["right"] is True
    row = client.get(f"/api/v1/prediction-log/{one}").json()
    assert (row["feedback"]["label"], row["feedback"]["changes"]) == ("barolo", 1)


def test_of_a_prediction_that_runs_nothing_is_known_yet(
    client: Any, submission: Any, say: Any
) -> None:
    running = client.post("/api/v1/predictions", json=submission).json()["id"]
    assert say(running, label="x").status_code == 409
    assert say(new_job_id(), label="x").status_code == 404


BAD: list[Any] = [
    {}, {"label": "a", "value": 1}, {"label": ""}, {"label": "x" * 65}, {"label": 1.5},
    {"label": ["a"]}, {"value": "1"}, {"value": True}, {"label": "a", "source": "x" * 65},
    {"value": 1e101}, {"value": -1e308}, {"label": "a", "comment": 1}, {"label": "a", "more": 1},
    [], "a",
]  # fmt: skip


def test_feedback_that_says_nothing_is_refused(client: Any, ended: Any) -> None:
    url = f"/api/v1/predictions/{ended()}/feedback"
    assert [one for one in BAD if client.post(url, json=one).status_code != 422] == []


def test_of_many_each_has_its_own_result(client: Any, ended: Any) -> None:
    one = ended()
    said = [{"id": one, "label": 3}, {"id": new_job_id(), "label": 3}, {"id": one}, {"id": "x"}]
    answer = client.post("/api/v1/prediction-log/feedback", json={"feedback": said}).json()
    assert (answer["accepted"], answer["refused"]) == (1, 3)
    assert answer["results"][0]["feedback"]["label"] == "3"
    problems = [one["problem"]["type"] for one in answer["results"][1:]]
    assert problems == ["/problems/not-found", *["/problems/invalid-input"] * 2]
    assert answer["results"][2]["problem"]["errors"][0]["pointer"] == "/feedback/2"


def test_a_list_of_none_or_too_many_is_refused(client: Any) -> None:
    for body in ({}, {"feedback": []}, {"feedback": [{}] * 1001}, [], 1):
        assert client.post("/api/v1/prediction-log/feedback", json=body).status_code == 422


def test_accuracy_is_answered_and_drawn(client: Any, ended: Any, say: Any) -> None:
    for label in ("barolo", "barolo", "barolo", "barbera"):
        say(ended(), label=label)
    found = client.get("/api/v1/models/wine/accuracy?by=hour").json()
    assert (found["looked_at"], found["complete"]) == (4, True)
    assert [(one["version"], one["accuracy"]) for one in found["totals"]] == [("wine:1", 0.75)]
    assert found["confusion"][1] == {"label": "barbera", "predicted": "barolo", "count": 1}
    picture = client.get("/api/v1/models/wine/accuracy.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    words = [one.text for one in ElementTree.fromstring(picture.text).iter() if one.text]
    assert {"wine: accuracy by day", "wine:1"} <= set(words)


def test_a_model_without_feedback_has_an_empty_picture(client: Any) -> None:
    assert client.get("/api/v1/models/wine/accuracy").json()["totals"] == []
    assert "no feedback" in client.get("/api/v1/models/wine/accuracy.svg").text
    assert client.get("/api/v1/models/nothing/accuracy").status_code == 404


def test_a_distribution_has_a_count_for_each_label(client: Any, ended: Any) -> None:
    ended(), ended()
    found = client.get("/api/v1/prediction-log/distribution?model=wine").json()
    assert [(one["label"], one["count"]) for one in found["over_time"]] == [("barolo", 2)]
    assert client.get("/api/v1/prediction-log/distribution").status_code == 422
    assert client.get("/api/v1/prediction-log/distribution?model=wine&by=week").status_code == 422


def test_the_log_can_be_downloaded(client: Any, ended: Any) -> None:
    made = [ended() for _ in range(3)]
    answer = client.get("/api/v1/prediction-log/export?model=wine")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "prediction-log.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(StringIO(answer.text, newline="")))
    assert [one["id"] for one in rows] == made[::-1]
    lines = client.get("/api/v1/prediction-log/export?format=jsonl").text.splitlines()
    assert [json.loads(one)["label"] for one in lines] == ["barolo"] * 3


def test_a_download_is_asked_for_strictly(client: Any) -> None:
    for query in ("format=parquet", "limit=5", "label=x"):
        assert client.get(f"/api/v1/prediction-log/export?{query}").status_code == 422


def test_one_tenant_has_few_downloads_at_a_time(client: Any) -> None:
    slots = client.app.state.services.downloads
    with slots.one_of(9, "default"), slots.one_of(9, "default"):
        assert client.get("/api/v1/prediction-log/export").status_code == 429
    assert client.get("/api/v1/prediction-log/export").status_code == 200


def test_without_sql_there_is_no_download(client: Any, lose_database: Any) -> None:
    lose_database()
    assert client.get("/api/v1/prediction-log/export").status_code == 503
