import asyncio
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from api.access import still_opens
from shared.access.table import key_table
from shared.db.engine import writing
from shared.domain.ids import new_job_id

PREDICTIONS = "/api/v1/predictions"


@pytest.fixture
def job_id(client: TestClient, submission: Any) -> str:
    prediction = client.post(PREDICTIONS, json=submission).json()
    assert prediction["urls"]["stream"] == prediction["urls"]["get"] + "/stream"
    return prediction["id"]


@pytest.fixture
def canceled(client: TestClient, job_id: str) -> str:
    client.post(f"{PREDICTIONS}/{job_id}/cancel")
    return job_id


def stream(client: TestClient, job_id: str, query: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(f"{PREDICTIONS}/{job_id}/stream{query}", headers=named)


def test_a_finished_prediction_is_told_and_done(client: TestClient, canceled: str) -> None:
    answer = stream(client, canceled)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream"
    assert "content-length" not in answer.headers
    assert answer.text == 'id: 1-done\nevent: done\ndata: {"reason":"canceled"}\n\n'


def test_a_stream_waits_for_the_end(client: TestClient, container: Any, submission: Any) -> None:
    queued = client.post(PREDICTIONS, json=submission).json()
    snapshot = container.backlogs.moves[0].entry.job
    end = snapshot | {"terminal": True, "status": "succeeded", "output": {"y": 1}}
    container.redis_async.show(snapshot, then=end)
    answer = stream(client, queued["id"])
    assert answer.text.startswith(':\nid: 1-output\nevent: output\ndata: {"y":1}\n\n')


def test_all_events_are_told_on_request(client: TestClient, canceled: str) -> None:
    names = stream(client, canceled, "?events=all").text.splitlines()
    assert [one[7:] for one in names if one.startswith("event: ")] == ["completed", "done"]


def test_a_stream_goes_on_where_it_broke_off(client: TestClient, canceled: str) -> None:
    answer = stream(client, canceled, "?events=all", last_event_id="1-completed")
    assert answer.text.count("event: ") == 1


def test_who_has_heard_the_end_is_told_to_stay_away(client: TestClient, canceled: str) -> None:
    answer = stream(client, canceled, last_event_id="1-done")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("job_id", ["x", new_job_id()])
@pytest.mark.parametrize("last", ["", "1-done"])
def test_an_unknown_prediction_has_no_stream(client: TestClient, job_id: str, last: str) -> None:
    answer = stream(client, job_id, last_event_id=last)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize("query", ["?events=some", "?events=", "?wait=1", "?events=all&events=all"])
def test_bad_parameters_are_refused(client: TestClient, canceled: str, query: str) -> None:
    assert stream(client, canceled, query).status_code == 422


def test_too_many_streams_are_refused(client: TestClient, canceled: str) -> None:
    services = client.app.state.services
    most = services.container.settings.streams_max
    with ExitStack() as opened:
        for _ in range(most):
            opened.enter_context(services.streams.one_of(most))
        answer = stream(client, canceled)
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-streams")
    assert answer.headers["retry-after"] == "5"


def test_one_tenant_does_not_take_all_streams(keyed: Any, canceled: str) -> None:
    slots = keyed.client.app.state.services.streams
    most = keyed.container.settings.streams_max
    path = f"/api/v1/predictions/{canceled}/stream"
    with ExitStack() as opened:
        for _ in range(most // 2):
            opened.enter_context(slots.one_of(most, "acme"))
        statuses = [
            keyed.client.get(path, headers=keyed.headers(tenant)).status_code
            for tenant in ("acme", "other")
        ]
    assert statuses == [429, 404]


def test_a_stream_ends_when_its_key_does(keyed: Any, submission: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("api.routes.streams.KEY_SECONDS", 0.0)
    monkeypatch.setattr("shared.jobs.following.REREAD_SECONDS", 0.01)
    headers = keyed.headers()
    job_id = keyed.client.post(PREDICTIONS, json=submission, headers=headers).json()["id"]
    looks = iter([True, True, False])

    async def still_opens(*_: object) -> bool:
        return next(looks)

    monkeypatch.setattr("api.routes.streams.still_opens", still_opens)
    answer = keyed.client.get(f"{PREDICTIONS}/{job_id}/stream", headers=headers)
    assert (answer.status_code, answer.text, list(looks)) == (200, ":\n", [])


@pytest.mark.parametrize("revoked", [False, True])
def test_a_key_that_was_revoked_opens_no_more(keyed: Any, revoked: bool) -> None:
    container, headers = keyed.container, keyed.headers()
    entrance = keyed.client.app.state.services.entrance
    if revoked:
        with writing(container.engine) as connection:
            connection.execute(update(key_table).values(revoked_at=container.clock.now()))
    scope = {
        "method": "GET",
        "path": PREDICTIONS,
        "headers": [(b"authorization", headers["Authorization"].encode())],
    }
    assert asyncio.run(still_opens(scope, entrance, container.key_ring)) is not revoked
