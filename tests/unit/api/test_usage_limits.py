"""Limits of tenants over HTTP: refused ahead of the body, and told honestly."""

import json
from typing import Any

import pytest

from shared.access import store
from shared.db.engine import writing
from shared.settings import BUNDLED_MODELS_DIR

DIGIT = (BUNDLED_MODELS_DIR / "digits" / "samples" / "0003-label-3.png").read_bytes()
JOBS = "/api/v1/predictions"


@pytest.fixture
def limited(with_settings: Any) -> Any:
    """Without keys, with limits for everybody."""
    return with_settings(
        tenant_requests_per_second=5, tenant_jobs_in_flight=2, tenant_bytes_per_day=9000
    )


def test_a_limit_that_is_reached_is_429(limited: Any) -> None:
    container, client = limited
    container.usage.waits["requests"] = 0.4
    answer = client.get("/api/v1/models")
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/rate-limited")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["ratelimit"] == '"requests";r=0;t=1'
    assert answer.headers["ratelimit-policy"] == (
        '"requests";q=5;w=1, "jobs";q=2;qu="concurrent-requests", '
        '"bytes";q=9000;w=86400;qu="content-bytes"'
    )


def test_each_request_and_the_bytes_of_its_body_are_used(limited: Any, submission: Any) -> None:
    container, client = limited
    client.get("/api/v1/models")
    client.post(JOBS, json=submission)
    size = len(json.dumps(submission, separators=(",", ":")))
    assert container.usage.used == [
        ("default", "requests", 1), ("default", "requests", 1), ("default", "bytes", size),
    ]  # fmt: skip


def test_health_uses_nothing(limited: Any) -> None:
    container, client = limited
    client.get("/health/live")
    client.get("/problems/rate-limited")
    assert container.usage.used == []


def test_bytes_of_a_day_ask_for_a_length(limited: Any) -> None:
    container, client = limited
    answer = client.post(JOBS, content=iter([b"{", b"}"]))
    assert (answer.status_code, answer.json()["type"]) == (411, "/problems/length-required")
    answer = client.post(JOBS, content=b"x" * 9001)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/payload-too-large")
    container.usage.waits["bytes"] = 40_000.5
    answer = client.post(JOBS, content=b"x" * 9000)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "40001")


def test_only_so_many_jobs_are_unfinished(limited: Any, submission: Any) -> None:
    container, client = limited
    fresh = {"Cache-Control": "no-cache"}
    client.post(JOBS, content=b"")  # what is unfinished is counted now, not while the first commits
    answers = [client.post(JOBS, json=submission, headers=fresh) for _ in range(3)]
    assert [one.status_code for one in answers] == [202, 202, 429]
    assert answers[2].headers["ratelimit"].startswith('"jobs";r=0;t=')
    assert len(container.backlogs.moves) == 2
    read = client.get(answers[0].headers["location"].replace("http://testserver", ""))
    assert read.status_code == 200
    cancel = client.post(f"{JOBS}/{answers[0].json()['id']}/cancel")
    assert cancel.status_code == 200


def test_a_tenant_has_limits_of_its_own(keyed: Any, submission: Any) -> None:
    with writing(keyed.container.engine) as connection:
        store.limit(connection, "acme", {"jobs_in_flight": 1, "requests_per_second": 7})
    acme, other = keyed.headers("acme"), keyed.headers("other")
    fresh = {"Cache-Control": "no-cache"}
    codes = [
        keyed.client.post(JOBS, json=submission, headers=headers | fresh).status_code
        for headers in (acme, acme, other, other)
    ]
    assert codes == [202, 429, 202, 202]
    assert {used[0] for used in keyed.container.usage.used} == {"acme"}


def test_without_limits_nothing_is_used(keyed: Any) -> None:
    keyed.client.get("/api/v1/models", headers=keyed.headers())
    assert keyed.container.usage.used == []


def test_a_full_queue_is_429(with_settings: Any, submission: Any) -> None:
    container, client = with_settings(queue_max_jobs=2)
    fresh = {"Cache-Control": "no-cache"}
    answers = [client.post(JOBS, json=submission, headers=fresh) for _ in range(3)]
    assert [one.status_code for one in answers] == [202, 202, 429]
    assert answers[2].json()["type"] == "/problems/queue-full"
    assert int(answers[2].headers["retry-after"]) >= 1
    assert len(container.backlogs.moves) == 2


def test_a_bulk_is_let_in_as_far_as_there_is_room(with_settings: Any, wine: Any) -> None:
    container, client = with_settings(queue_max_jobs=3)
    inputs = [wine | {"alcohol": 11 + number / 100} for number in range(250)]
    answer = client.post(f"{JOBS}/bulk", json={"model": "wine", "inputs": inputs})
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["refused"]) == (202, 3, 247)
    assert {one["problem"]["type"] for one in told["results"][3:]} == {"/problems/queue-full"}
    assert len(container.backlogs.moves) == 3
    answer = client.post(f"{JOBS}/bulk", json={"model": "wine", "inputs": inputs})
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/queue-full")
    assert "retry-after" in answer.headers


def test_the_same_request_again_takes_no_place(with_settings: Any, submission: Any) -> None:
    _, client = with_settings(queue_max_jobs=2)
    key = {"Idempotency-Key": "again"}
    answers = [client.post(JOBS, json=submission, headers=key) for _ in range(5)]
    assert [one.status_code for one in answers] == [202] * 5


def test_files_that_an_input_names_use_bytes_as_if_they_were_sent(with_settings: Any) -> None:
    container, client = with_settings(tenant_bytes_per_day=9000)
    file = client.post("/api/v1/files", files={"content": ("d.png", DIGIT)}).json()
    body = {"model": "digits", "input": {"image": file["urls"]["get"]}}
    assert client.post(JOBS, json=body).status_code == 202
    assert container.usage.used[-1] == ("default", "bytes", len(DIGIT))


def test_files_beyond_the_bytes_of_a_day_are_not_read(with_settings: Any, monkeypatch: Any) -> None:
    container, client = with_settings(tenant_bytes_per_day=9000)
    file = client.post("/api/v1/files", files={"content": ("d.png", DIGIT)}).json()
    container.blobs.delete(f"files/{file['id']}")

    async def full(_tenant: str, _policy: Any, cost: int) -> float | None:
        return 7.0 if cost == len(DIGIT) else None

    monkeypatch.setattr(container.usage, "use", full)
    body = {"model": "digits", "input": {"image": file["urls"]["get"]}}
    answer = client.post(JOBS, json=body)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
