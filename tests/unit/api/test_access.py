"""Keys over HTTP: who is let in, and what the others are told."""

import asyncio
import time
from typing import Any

import pytest
from pydantic import SecretStr

from shared.access import store
from shared.access.keys import make_key
from shared.db.engine import writing
from tests.unit.api.conftest import Keyed

PATH = "/api/v1/models"
ANY = make_key().text


def problem(answer: Any) -> dict[str, Any]:
    """What is said, without what differs with each request."""
    return {k: v for k, v in answer.json().items() if k not in ("request_id", "instance")}


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "bearer", "TOKEN", "Bearer "])
def test_a_key_opens_under_either_name(keyed: Any, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {keyed.key()}"}
    assert keyed.client.get(PATH, headers=headers).status_code == 200


def test_every_reason_to_refuse_a_key_gets_the_same_answer(keyed: Any) -> None:
    good, revoked = keyed.key(), keyed.key()
    with writing(keyed.container.engine) as connection:
        store.revoke(connection, revoked[10:18], keyed.container.clock.now())
    said = [
        None, "", "Bearer", "Bearer ", f"Basic {good}", good, f"Bearer {good}x", f"Bearer {ANY}",
        f"Bearer {good[:-7]}{ANY[-7:]}", f"Bearer {revoked}", f"Bearer {keyed.key(days=-1)}",
        f"Bearer {'x' * 5000}", f"Bearer {good} {good}", b"Bearer \xff\xfe",
    ]  # fmt: skip
    headers: list[dict[str, Any]] = [{} if one is None else {"Authorization": one} for one in said]
    answers = [keyed.client.get(PATH, headers=one) for one in headers]
    assert {one.status_code for one in answers} == {401}
    assert {one.headers["www-authenticate"] for one in answers} == {'Bearer realm="queuecast"'}
    assert all(problem(one) == problem(answers[0]) for one in answers)
    assert problem(answers[0])["type"] == "/problems/unauthorized"


@pytest.mark.parametrize("path", ["/v2/models/wine/infer", "/v1/models/wine:predict"])
def test_clients_of_the_inference_protocol_can_read_the_refusal(keyed: Any, path: str) -> None:
    answer = keyed.client.post(path, json={})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json")
    assert "key" in answer.json()["error"]


def test_two_authorizations_are_none(keyed: Any) -> None:
    key = f"Bearer {keyed.key()}"
    answer = keyed.client.get(PATH, headers=[("Authorization", key), ("Authorization", key)])
    assert answer.status_code == 401


def test_a_refusal_takes_as_long_whatever_its_reason(keyed: Any) -> None:
    forged = keyed.key()[:19] + ANY[19:]
    for headers in ({}, {"Authorization": f"Bearer {forged}"}, {"Authorization": f"Bearer {ANY}"}):
        began = time.perf_counter()
        keyed.client.get(PATH, headers=headers)
        assert time.perf_counter() - began >= 0.02


def test_a_key_without_the_scope_may_not(keyed: Any, submission: Any) -> None:
    reader, writer = keyed.headers(scopes="read"), keyed.headers(scopes="predict")
    for url in ("/api/v1/predictions", "/api/v1/predictions/bulk"):
        answer = keyed.client.post(url, json=submission, headers=reader)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
        assert "predict" in answer.json()["detail"]
    accepted = keyed.client.post("/api/v1/predictions", json=submission, headers=writer)
    assert accepted.status_code == 202
    assert keyed.client.get(f"/api/v1/predictions/{accepted.json()['id']}", headers=writer)
    assert keyed.client.get("/metrics", headers=writer).status_code == 403


def test_how_the_system_is_is_for_admins_and_who_watches_it(with_settings: Any) -> None:
    keyed = Keyed(*with_settings(keys_required=True, watch_token=SecretStr("t0ken")))
    path, watching = "/health/system", {"Authorization": "Bearer t0ken"}
    statuses = [
        keyed.client.get(path, headers=headers).status_code
        for headers in ({}, keyed.headers(), keyed.headers(scopes="admin"), watching)
    ]
    assert statuses == [401, 403, 200, 200]
    assert keyed.client.get("/metrics", headers=watching).status_code == 401
    assert keyed.client.get("/health/ready").status_code == 200


def test_no_token_opens_nothing(keyed: Any) -> None:
    answer = keyed.client.get("/health/system", headers={"Authorization": "Bearer "})
    assert answer.status_code == 401


def test_an_admin_key_may_everything(keyed: Any, submission: Any) -> None:
    admin = keyed.headers(scopes="admin")
    assert keyed.client.get("/metrics", headers=admin).status_code == 200
    assert keyed.client.get("/nowhere", headers=admin).status_code == 404
    answer = keyed.client.post("/api/v1/predictions", json=submission, headers=admin)
    assert answer.status_code == 202


def test_the_job_is_the_tenants_of_the_key(keyed: Any, submission: Any) -> None:
    answer = keyed.client.post("/api/v1/predictions", json=submission, headers=keyed.headers())
    [move] = keyed.container.backlogs.moves
    assert move.entry.job["tenant"] == "acme"
    assert "acme" not in answer.text


def test_a_body_is_not_read_before_the_key(keyed: Any) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        pytest.fail("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/v1/predictions", "query_string": b"",
        "headers": [(b"content-length", b"10")], "client": ("192.0.2.1", 1),
    }  # fmt: skip
    asyncio.run(keyed.client.app.middleware_stack(scope, receive, send))
    assert sent[0]["status"] == 401


def test_an_address_may_be_wrong_only_so_often(keyed: Any) -> None:
    good = keyed.headers()
    assert keyed.client.get(PATH, headers=good).status_code == 200
    wrong = {"Authorization": f"Bearer {ANY}"}
    answers = [keyed.client.get(PATH, headers=wrong) for _ in range(21)]
    assert [one.status_code for one in answers] == [401] * 20 + [429]
    last = answers[-1]
    assert last.json()["type"] == "/problems/rate-limited"
    assert 50 < int(last.headers["retry-after"]) <= 60
    assert last.headers["ratelimit-policy"] == '"wrong-keys";q=20;w=60'
    assert last.headers["ratelimit"] == f'"wrong-keys";r=0;t={last.headers["retry-after"]}'
    # A key that was good before goes on: the address may be a proxy's.
    assert keyed.client.get(PATH, headers=good).status_code == 200


def test_who_sends_no_key_guesses_none(keyed: Any) -> None:
    assert {keyed.client.get(PATH).status_code for _ in range(25)} == {401}
    wrong = keyed.client.get(PATH, headers={"Authorization": f"Bearer {ANY}"})
    assert wrong.status_code == 401


def test_health_needs_no_key(keyed: Any) -> None:
    for path in ("/health/live", "/health/ready"):
        assert keyed.client.get(path).status_code == 200


def test_without_the_setting_a_key_is_not_looked_at(client: Any) -> None:
    assert client.get(PATH, headers={"Authorization": f"Bearer {ANY}"}).status_code == 200
