import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, views
from shared.jobs.lifecycle import End
from shared.jobs.table import job_table
from shared.payloads.references import new_output

PREDICTIONS = "/api/v1/predictions"


def test_submit_is_stored_queued_and_answered(
    client: TestClient, container: Any, rows: Any, submission: Any
) -> None:
    answer = client.post(PREDICTIONS, json=submission)
    prediction = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == prediction["urls"]["get"]
    assert answer.headers["retry-after"] == "1"
    assert (prediction["status"], prediction["version"]) == ("starting", "wine:1")
    assert prediction["input"] == submission["input"]
    assert [row["id"] for row in rows()] == [prediction["id"]]
    assert [move.entry.id for move in container.backlogs.moves] == [prediction["id"]]


def test_options_are_kept(client: TestClient, rows: Any, submission: Any) -> None:
    options = {"priority": "low", "deadline_seconds": 60, "metadata": {"b": 1, "a": None}}
    prediction = client.post(PREDICTIONS, json=submission | options | {"stream": True}).json()
    [row] = rows()
    assert (prediction["priority"], row["priority"]) == ("low", "low")
    assert prediction["metadata"] == {"b": 1, "a": None}
    assert (row["deadline_at"] - row["created_at"]).total_seconds() == 60


@pytest.mark.parametrize(
    "path", ["models/wine", "models/wine:1", "models/queuecast/wine", "models/digits@champion"]
)
def test_model_may_stand_in_the_path(client: TestClient, registry: Any, path: str) -> None:
    name = "digits" if "digits" in path else "wine"
    body = {"input": registry.models[name].example}
    answer = client.post(f"/api/v1/{path}/predictions", json=body)
    assert (answer.status_code, answer.json()["model"]) == (202, name)


def test_model_in_path_and_body_is_one_too_many(client: TestClient, submission: Any) -> None:
    answer = client.post("/api/v1/models/wine/predictions", json=submission)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-field")


def test_version_names_a_model_too(client: TestClient, registry: Any) -> None:
    digits = registry.models["digits"]
    for version in ("digits:1", digits.versions["1"].digest):
        answer = client.post(PREDICTIONS, json={"version": version, "input": digits.example})
        assert (answer.status_code, answer.json()["version"]) == (202, "digits:1")


def test_put_again_is_the_same_job(
    client: TestClient, container: Any, rows: Any, submission: Any
) -> None:
    job_id = str(uuid.uuid4())
    answers = [client.put(f"{PREDICTIONS}/{job_id}", json=submission) for _ in range(2)]
    assert [(one.status_code, one.json()["id"]) for one in answers] == [
        (202, job_id),
        (202, job_id),
    ]
    assert (len(rows()), len(container.backlogs.moves)) == (1, 1)


def test_put_after_the_end_answers_200_with_the_output(
    client: TestClient, submission: Any, finish: Any
) -> None:
    job_id = str(uuid.uuid4())
    client.put(f"{PREDICTIONS}/{job_id}", json=submission)
    finish(job_id)
    answer = client.put(f"{PREDICTIONS}/{job_id}", json=submission)
    assert (answer.status_code, answer.json()["output"]) == (200, {"label": "barolo"})


def test_put_of_another_body_is_refused(client: TestClient, submission: Any) -> None:
    job_id = str(uuid.uuid4())
    client.put(f"{PREDICTIONS}/{job_id}", json=submission)
    answer = client.put(f"{PREDICTIONS}/{job_id}", json=submission | {"priority": "high"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-mismatch")


def test_same_body_in_another_order_is_the_same(client: TestClient, submission: Any) -> None:
    job_id, turned = str(uuid.uuid4()), dict(reversed(submission.items()))
    turned["input"] = dict(reversed(submission["input"].items()))
    first = client.put(f"{PREDICTIONS}/{job_id}", json=submission)
    second = client.put(f"{PREDICTIONS}/{job_id.upper()}", json=turned)
    assert second.json()["created_at"] == first.json()["created_at"]


def test_idempotency_key_gives_the_same_job(client: TestClient, rows: Any, submission: Any) -> None:
    keys = ("order-7", '"order-7"')
    ids = {
        client.post(PREDICTIONS, json=submission, headers={"Idempotency-Key": key}).json()["id"]
        for key in keys
    }
    assert len(ids) == len(rows()) == 1


def test_idempotency_key_with_another_body_is_refused(client: TestClient, submission: Any) -> None:
    key = {"Idempotency-Key": "order-7"}
    client.post(PREDICTIONS, json=submission, headers=key)
    other = submission | {"metadata": {"a": 1}}
    answer = client.post(PREDICTIONS, json=other, headers=key)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-mismatch")


def test_same_key_at_once_makes_one_job(client: TestClient, rows: Any, submission: Any) -> None:
    ids: list[str] = []

    def submit() -> None:
        answer = client.post(PREDICTIONS, json=submission, headers={"Idempotency-Key": "k"})
        ids.append(answer.json()["id"])

    threads = [threading.Thread(target=submit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == len(rows()) == 1


def test_reads_the_snapshot_before_the_row(
    client: TestClient, container: Any, submission: Any
) -> None:
    job_id = client.post(PREDICTIONS, json=submission).json()["id"]
    [move] = container.backlogs.moves
    running = move.entry.job | {"stage": "predicting", "status": "processing"}
    container.redis_async.show(running)
    answer = client.get(f"{PREDICTIONS}/{job_id}")
    assert (answer.json()["stage"], answer.headers["retry-after"]) == ("predicting", "1")
    assert client.get(PREDICTIONS).json()["results"][0]["status"] == "processing"


def test_waits_until_the_end(client: TestClient, container: Any, submission: Any) -> None:
    url = client.post(PREDICTIONS, json=submission).json()["urls"]["get"]
    [move] = container.backlogs.moves
    outcome = Outcome(State.SUCCEEDED, output=b"1")
    end = views.finished(move.entry.job, outcome, datetime.now(UTC))
    container.redis_async.show(move.entry.job, then=end)
    container.reader.just_accepted.clear()  # as if another process had accepted it
    answer = client.get(f"{url}?wait=30")
    assert answer.json()["output"] == 1
    assert "retry-after" not in answer.headers


def test_a_job_that_was_accepted_here_is_known_to_be(client, container, submission) -> None:
    job_id = client.post(PREDICTIONS, json=submission).json()["id"]
    assert container.reader.just_accepted.find("default", job_id)["id"] == job_id


def test_wait_that_runs_out_answers_as_it_stands(client: TestClient, submission: Any) -> None:
    job_id = client.post(PREDICTIONS, json=submission).json()["id"]
    answer = client.get(f"{PREDICTIONS}/{job_id}?wait=0.05")
    assert (answer.status_code, answer.json()["status"]) == (200, "starting")


def test_a_submit_may_wait_for_the_end(client, container, submission, monkeypatch) -> None:
    def finish_at_once(moves: Any) -> None:
        outcome = Outcome(State.SUCCEEDED, output=b"1")
        end = views.finished(moves[0].entry.job, outcome, datetime.now(UTC))
        container.redis_async.announce(end)

    monkeypatch.setattr(container.backlogs, "move", finish_at_once)
    answer = client.post(PREDICTIONS, json=submission, headers={"Prefer": "wait=30"})
    assert (answer.status_code, answer.json()["output"]) == (200, 1)


def test_a_submit_whose_wait_runs_out_is_pending(client, container, submission) -> None:
    job_id = "0199aaaa-0000-7000-8000-000000000001"
    answer = client.put(
        f"{PREDICTIONS}/{job_id}", json=submission, headers={"Prefer": "wait=1, respond-async"}
    )
    assert (answer.status_code, answer.json()["status"]) == (202, "starting")
    assert answer.headers["retry-after"] == "1"


def test_a_submit_by_a_key_seen_before_waits_for_the_first_job(client, submission, finish) -> None:
    key = {"Idempotency-Key": "k", "Prefer": "wait=30"}
    first = client.post(PREDICTIONS, json=submission, headers={"Idempotency-Key": "k"}).json()["id"]
    finish(first)
    answer = client.post(PREDICTIONS, json=submission, headers=key)
    assert (answer.status_code, answer.json()["id"]) == (200, first)


@pytest.mark.parametrize("wait", ["-1", "nan", "inf", "x", "1_0", "1&wait=2"])
def test_bad_wait_is_refused(client: TestClient, submission: Any, wait: str) -> None:
    job_id = client.post(PREDICTIONS, json=submission).json()["id"]
    answer = client.get(f"{PREDICTIONS}/{job_id}?wait={wait}")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-parameter")


def test_etag_spares_the_body(client: TestClient, submission: Any, finish: Any) -> None:
    url = client.post(PREDICTIONS, json=submission).json()["urls"]["get"]
    tag = {"If-None-Match": client.get(url).headers["etag"]}
    assert client.get(url, headers=tag).status_code == 304
    finish(url.rpartition("/")[2])
    assert client.get(url, headers=tag).json()["status"] == "succeeded"


def test_large_input_stands_at_its_own_url(client: TestClient, registry: Any) -> None:
    example = registry.models["digits"].example
    prediction = client.post(PREDICTIONS, json={"model": "digits", "input": example}).json()
    assert prediction["input"] is None
    assert client.get(prediction["urls"]["input"]).json() == example


def test_input_in_the_blob_store_is_found(
    client: TestClient, container: Any, submission: Any
) -> None:
    prediction = client.post(PREDICTIONS, json=submission).json()
    reference = container.blobs.put(f"inputs/{prediction['id']}", b'"large"', synced=False)
    with container.engine.begin() as connection:
        connection.execute(update(job_table).values(input=None, input_ref=reference))
    assert client.get(prediction["urls"]["input"]).json() == "large"


def test_small_output_stands_at_its_own_url_too(
    client: TestClient, submission: Any, finish: Any
) -> None:
    prediction = client.post(PREDICTIONS, json=submission).json()
    url = f"{prediction['urls']['get']}/output"
    assert (client.get(url).status_code, "output" in prediction["urls"]) == (404, False)
    finish(prediction["id"])
    answer = client.get(url)
    assert (answer.content, answer.headers["content-type"]) == (
        b'{"label":"barolo"}',
        "application/json",
    )


@pytest.fixture
def large(client: TestClient, container: Any, submission: Any) -> Any:
    """A prediction whose output stands in the blob store, and its reference."""
    prediction = client.post(PREDICTIONS, json=submission).json()
    reference = container.blobs.put(new_output(prediction["id"], 1), b'"large"', synced=False)
    end = End(prediction["id"], None, Outcome(State.SUCCEEDED, output_ref=reference))
    with container.engine.begin() as connection:
        lifecycle.finish(connection, [end], datetime.now(UTC))
    return prediction, reference


def test_large_output_stands_at_its_own_url(client: TestClient, large: Any) -> None:
    url = large[0]["urls"]["get"]
    for found in (client.get(url).json(), client.get(PREDICTIONS).json()["results"][0]):
        assert (found["status"], found["output"]) == ("succeeded", None)
        assert found["urls"]["output"] == f"{url}/output"
        assert client.get(found["urls"]["output"]).json() == "large"


def test_output_that_is_lost_is_not_found(client: TestClient, container: Any, large: Any) -> None:
    container.blobs.delete(large[1])
    answer = client.get(f"{large[0]['urls']['get']}/output")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_output_of_a_store_that_is_away_can_be_asked_for_again(
    client: TestClient, container: Any, large: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(reference: str) -> bytes:
        raise OSError("away")

    monkeypatch.setattr(container.blobs, "get", fail)
    answer = client.get(f"{large[0]['urls']['get']}/output")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_foreign_tenant_sees_nothing(client: TestClient, container: Any, submission: Any) -> None:
    prediction = client.post(PREDICTIONS, json=submission).json()
    with container.engine.begin() as connection:
        connection.execute(update(job_table).values(tenant="other"))
    assert client.get(prediction["urls"]["get"]).status_code == 404
    assert client.get(prediction["urls"]["input"]).status_code == 404
    assert client.get(f"{prediction['urls']['get']}/output").status_code == 404
    assert client.get(PREDICTIONS).json()["results"] == []


def test_links_do_not_repeat_a_host_that_is_none(client: TestClient, submission: Any) -> None:
    answer = client.post(PREDICTIONS, json=submission, headers={"Host": "evil/<script>"})
    assert answer.json()["urls"]["get"].startswith("http://testserver")


def test_cancel_ends_a_prediction_that_waits(
    client: TestClient, container: Any, submission: Any
) -> None:
    prediction = client.post(PREDICTIONS, json=submission).json()
    answer = client.post(prediction["urls"]["cancel"])
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert [one["id"] for one in container.backlogs.finished] == [prediction["id"]]


def test_cancel_leaves_what_has_ended(client: TestClient, submission: Any, finish: Any) -> None:
    prediction = client.post(PREDICTIONS, json=submission).json()
    finish(prediction["id"])
    assert client.post(prediction["urls"]["cancel"]).json()["status"] == "succeeded"


def test_cancel_of_nothing_is_not_found(client: TestClient) -> None:
    assert client.post(f"{PREDICTIONS}/{uuid.uuid4()}/cancel").status_code == 404


def test_what_is_not_kept_any_longer_is_gone(
    client: TestClient, container: Any, submission: Any, finish: Any
) -> None:
    prediction = client.post(PREDICTIONS, json=submission).json()
    finish(prediction["id"])
    with container.engine.begin() as connection:
        connection.execute(update(job_table).values(input=None, output=None))
    shown = client.get(prediction["urls"]["get"]).json()
    assert (shown["status"], shown["input"], shown["output"]) == ("succeeded", None, None)
    for part in ("input", "output"):
        answer = client.get(f"{prediction['urls']['get']}/{part}")
        assert (answer.status_code, answer.json()["type"]) == (410, "/problems/expired")


def test_what_has_ended_says_until_when_its_output_is_kept(
    client: TestClient, submission: Any, finish: Any
) -> None:
    prediction = client.post(PREDICTIONS, json=submission).json()
    assert prediction["expires_at"] is None
    finish(prediction["id"])
    shown = client.get(prediction["urls"]["get"]).json()
    ended, expires = (datetime.fromisoformat(shown[n]) for n in ("completed_at", "expires_at"))
    assert expires - ended == timedelta(days=30)
    assert client.get(PREDICTIONS).json()["results"] == [shown]
